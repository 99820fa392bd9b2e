package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.sandbox.Availability;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The embedded float model gives the numbers that its Python evaluation gave. */
class NanoGoldenTest {

  private static final Map<String, TaskResult> ALL_RECORDS = new HashMap<>();

  private static NanoModel nano;

  @BeforeAll
  static void open(@TempDir Path cache) {
    nano = NanoModel.open(cache);
  }

  @AfterAll
  static void close() {
    nano.close();
  }

  @Test
  void promptIdsEqualTheGoldenOnes() {
    for (JsonNode golden : Oracles.withKey("nano", "prompts")) {
      for (JsonNode prompt : golden.get("prompts")) {
        Item item =
            nano.suite(prompt.get("suite").stringValue())
                .items()
                .get(prompt.get("record").intValue());
        String user =
            switch (item) {
              case Item.Question question -> question.user();
              case Item.Choices choices -> choices.user();
              case Item.Program program -> program.user();
              case Item.Document document -> document.text();
              case Item.Likelihood likelihood -> likelihood.question();
              case Item.Reply reply -> reply.user();
              case Item.Text text -> text.text();
            };
        for (String mode : prompt.get("modes").propertyNames()) {
          int[] ids =
              nano.tokenizer.prompt(
                  List.of(new ChatMessage("user", user)),
                  Optional.of(ThinkingMode.valueOf(mode.toUpperCase(Locale.ROOT))));
          assertThat(ids)
              .as("%s %s", prompt.get("suite"), mode)
              .containsExactly(Oracles.ints(prompt.get("modes").get(mode).get("prompt_ids")));
        }
      }
    }
  }

  @Test
  void perplexity() {
    TaskResult result = nano.run("wikitext_nano", Optional.empty(), OptionalInt.empty());
    for (JsonNode golden : Oracles.withKey("nano", "perplexity")) {
      assertThat(result.primary()).isCloseTo(golden.get("perplexity").doubleValue(), within(0.001));
    }
    assertThat(result.metrics()).containsEntry("tokens", 16_384.0);
  }

  /** Right answers among the first records; one of them may fall the other way on another CPU. */
  @ParameterizedTest
  @CsvSource({
    "gsm_nano, SLOW_THINK, 40, 40",
    "chain_nano, SLOW_THINK, 12, 11",
    "facts_nano, SLOW_THINK, 40, 40",
    "facts_nano_choices, NO_THINK, 40, 40",
    "cloze_nano, SLOW_THINK, 40, 39",
    "cloze_nano, NO_THINK, 40, 37",
    "bool_nano, SLOW_THINK, 40, 37",
    "bool_nano, NO_THINK, 40, 36",
    "gsm_nano, NO_THINK, 40, 6",
    "humaneval_nano, SLOW_THINK, 20, 20",
    "humaneval_nano, NO_THINK, 20, 20",
    "mbpp_nano, SLOW_THINK, 20, 20",
    "mbpp_nano, NO_THINK, 20, 20",
  })
  void accuracyOnTheFirstRecords(String task, ThinkingMode mode, int limit, int correct) {
    assumeSandbox(task);
    TaskResult result = nano.run(task, Optional.of(mode), OptionalInt.of(limit));
    assertThat(result.state()).isEqualTo(CellState.OK);
    assertThat(result.samples()).hasSize(limit);
    assertThat(result.metrics().get("correct")).isCloseTo(correct, within(1.0));
  }

  /** All public records: equal to the Python evaluation within one record. */
  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "gsm_nano, gsm_nano, SLOW_THINK",
    "gsm_nano, gsm_nano, NO_THINK",
    "chain_nano, chain_nano, SLOW_THINK",
    "chain_nano, chain_nano, NO_THINK",
    "facts_nano, facts_nano, SLOW_THINK",
    "facts_nano, facts_nano, NO_THINK",
    "facts_nano_choices, facts_nano, NO_THINK",
    "cloze_nano, cloze_nano, SLOW_THINK",
    "cloze_nano, cloze_nano, NO_THINK",
    "bool_nano, bool_nano, SLOW_THINK",
    "bool_nano, bool_nano, NO_THINK",
    "humaneval_nano, humaneval_nano, SLOW_THINK",
    "humaneval_nano, humaneval_nano, NO_THINK",
    "humaneval_nano, humaneval_nano, AUTO_THINK",
    "mbpp_nano, mbpp_nano, SLOW_THINK",
    "mbpp_nano, mbpp_nano, NO_THINK",
    "mbpp_nano, mbpp_nano, AUTO_THINK",
  })
  void accuracyOnAllRecords(String task, String suite, ThinkingMode mode) {
    assumeSandbox(task);
    for (JsonNode golden : Oracles.withKey("nano", "public")) {
      String cell = task.equals(suite) ? mode.name().toLowerCase(Locale.ROOT) : "choices";
      JsonNode expected = golden.get("public").get(suite).get(cell);
      long start = System.nanoTime();
      TaskResult result = allRecords(task, mode);
      double seconds = (System.nanoTime() - start) / 1e9;
      int items = expected.get("n").intValue();
      System.out.printf(
          Locale.ROOT,
          "%s %s: %d of %d, expected %.4f; %.1f s, longest reply %s, metrics %s%n",
          task,
          cell,
          Math.round(result.primary() * items),
          items,
          expected.get("acc").doubleValue(),
          seconds,
          result.metrics().get("max_tokens"),
          result.metrics());
      assertThat(result.samples()).hasSize(items);
      assertThat(result.primary() * items)
          .isCloseTo(expected.get("acc").doubleValue() * items, within(1.03));
    }
  }

  /** A budget is at most twice the longest float reply that ended by itself. */
  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "gsm_nano, SLOW_THINK",
    "gsm_nano, NO_THINK",
    "chain_nano, SLOW_THINK",
    "chain_nano, NO_THINK",
    "facts_nano, SLOW_THINK",
    "facts_nano, NO_THINK",
    "cloze_nano, SLOW_THINK",
    "cloze_nano, NO_THINK",
    "bool_nano, SLOW_THINK",
    "bool_nano, NO_THINK",
    "humaneval_nano, SLOW_THINK",
    "humaneval_nano, NO_THINK",
    "mbpp_nano, SLOW_THINK",
    "mbpp_nano, NO_THINK",
  })
  void budgetsAreAtMostTwiceTheLongestFloatReply(String task, ThinkingMode mode) {
    assumeSandbox(task);
    TaskResult result = allRecords(task, mode);
    int longest =
        result.samples().stream()
            .filter(sample -> sample.measure("truncated") == 0)
            .mapToInt(SampleRecord::generatedTokens)
            .max()
            .orElseThrow();
    int budget =
        switch (nano.catalog.entry(task).task()) {
          case GenerativeTask generative -> generative.budget(Optional.of(mode));
          case CodeTask code -> code.budgets().of(Optional.of(mode));
          default -> throw new IllegalArgumentException(task);
        };
    assertThat(budget).isLessThanOrEqualTo(2 * longest);
    assertThat(result.metrics()).containsEntry("truncated", 0.0);
  }

  private static void assumeSandbox(String task) {
    assumeTrue(
        !(nano.catalog.entry(task).task() instanceof CodeTask)
            || Availability.here() instanceof Availability.Ready,
        () -> "no sandbox here: " + Availability.here());
  }

  private static TaskResult allRecords(String task, ThinkingMode mode) {
    return ALL_RECORDS.computeIfAbsent(
        task + " " + mode, _ -> nano.run(task, Optional.of(mode), OptionalInt.empty()));
  }
}
