package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.bitatlas.generate.DraftedLanguageModel.Drafts;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.model.GoldenModels;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Budgets of thinking on the embedded model, whose three modes have golden prompts. */
class ThinkingLimitTest {

  private static final int ANSWER = 60;
  private static final int WIDE = 400;

  private record Case(String mode, int[] prompt) {}

  private static final List<Case> CASES = new ArrayList<>();
  private static final Map<OptionalInt, List<Generation>> PLAIN = new HashMap<>();
  private static TransformerModel model;
  private static TransformerLanguageModel language;
  private static int openId;
  private static int closeId;
  private static Set<Integer> stopIds = Set.of();

  @BeforeAll
  static void load() throws IOException {
    Path file = GoldenModels.oracles().resolve("nano/golden.json");
    assumeTrue(Files.isRegularFile(file), "no golden cases in " + file);
    for (JsonNode prompt : GoldenModels.json(file).get("prompts")) {
      for (var mode : prompt.get("modes").properties()) {
        CASES.add(new Case(mode.getKey(), GoldenModels.ids(mode.getValue().get("prompt_ids"))));
      }
    }
    ChatTokenizer tokenizer = ChatTokenizers.load(GoldenModels.nano());
    openId = tokenizer.thinking().openId().orElseThrow();
    closeId = tokenizer.thinking().closeId().orElseThrow();
    stopIds = tokenizer.stopIds();
    try (ModelFolder opened = ModelFolder.open(GoldenModels.nano())) {
      model = opened.load(Precision.FP32);
    }
    language = new TransformerLanguageModel(model, 2);
  }

  @AfterAll
  static void close() {
    CASES.clear();
    PLAIN.clear();
    if (model != null) {
      model.close();
    }
  }

  private static GenerationRequest request(int[] prompt, OptionalInt thinking) {
    return new GenerationRequest(
        prompt,
        thinking.isPresent() ? ANSWER : WIDE,
        new Sampling.Greedy(),
        stopIds,
        thinking.isPresent()
            ? Optional.of(
                new ThinkingLimit(thinking.getAsInt(), OptionalInt.of(openId), closeId, false))
            : Optional.empty());
  }

  private static List<GenerationRequest> requests(OptionalInt thinking) {
    return CASES.stream().map(each -> request(each.prompt(), thinking)).toList();
  }

  private static List<Generation> generated(LanguageModel by, OptionalInt thinking) {
    return by.generate(requests(thinking), _ -> {});
  }

  /** Replies without drafts, generated once for each budget. */
  private static List<Generation> plain(OptionalInt thinking) {
    return PLAIN.computeIfAbsent(thinking, budget -> generated(language, budget));
  }

  @Test
  void allThreeModesAreTried() {
    assertThat(CASES).extracting(Case::mode).contains("slow_think", "auto_think", "no_think");
  }

  @Test
  void aWideBudgetChangesNothing() {
    assertThat(plain(OptionalInt.of(WIDE))).isEqualTo(plain(OptionalInt.empty()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void thinkingIsClosedAfterItsBudgetAndTheAnswerGoesOn(int budget) {
    List<Generation> plain = plain(OptionalInt.empty());
    List<Generation> limited = plain(OptionalInt.of(budget));
    int cut = 0;
    for (int i = 0; i < CASES.size(); i++) {
      String name = CASES.get(i).mode() + " " + i;
      List<Integer> free = plain.get(i).tokenIds();
      Generation reply = limited.get(i);
      int thought = free.indexOf(closeId) - 1;
      assertThat(free.indexOf(openId)).as(name).isZero();
      assertThat(reply.thinkingCut()).as(name).isEqualTo(thought > budget);
      if (thought <= budget) {
        assertThat(reply).as(name).isEqualTo(plain.get(i));
        continue;
      }
      cut++;
      assertThat(CASES.get(i).mode()).as(name).isNotEqualTo("no_think");
      assertThat(reply.tokenIds().subList(0, budget + 1))
          .as(name)
          .isEqualTo(free.subList(0, budget + 1));
      assertThat(reply.tokenIds().get(budget + 1)).as(name).isEqualTo(closeId);
      List<Integer> answer = reply.tokenIds().subList(budget + 2, reply.tokenIds().size());
      assertThat(answer).as(name).isNotEmpty().hasSizeLessThanOrEqualTo(ANSWER);
      assertThat(reply.reason() == Reason.LENGTH).as(name).isEqualTo(answer.size() == ANSWER);
      int[] prompt =
          IntStream.concat(
                  IntStream.of(CASES.get(i).prompt()),
                  reply.tokenIds().subList(0, budget + 2).stream().mapToInt(Integer::intValue))
              .toArray();
      GenerationRequest rest =
          new GenerationRequest(prompt, ANSWER, new Sampling.Greedy(), stopIds);
      assertThat(language.stream(rest, _ -> true).tokenIds()).as(name).isEqualTo(answer);
    }
    assertThat(cut).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, WIDE})
  void draftsChangeNothing(int budget) {
    Drafts drafts = new Drafts();
    List<Generation> _ = generated(new DraftedLanguageModel(language, drafts), OptionalInt.empty());
    assertThat(generated(new DraftedLanguageModel(language, drafts), OptionalInt.of(budget)))
        .isEqualTo(plain(OptionalInt.of(budget)));
    Drafts cut = new Drafts();
    List<Generation> _ = generated(new DraftedLanguageModel(language, cut), OptionalInt.of(budget));
    assertThat(generated(new DraftedLanguageModel(language, cut), OptionalInt.empty()))
        .isEqualTo(plain(OptionalInt.empty()));
    assertThat(generated(new DraftedLanguageModel(language, cut), OptionalInt.of(budget)))
        .isEqualTo(plain(OptionalInt.of(budget)));
  }

  @Test
  void anOpenPromptAndTheContextCount() {
    int[] opened =
        IntStream.concat(IntStream.of(CASES.getFirst().prompt()), IntStream.of(openId)).toArray();
    ThinkingLimit open = new ThinkingLimit(3, OptionalInt.of(openId), closeId, true);
    Generation reply =
        language.stream(
            new GenerationRequest(opened, 5, new Sampling.Greedy(), Set.of(), Optional.of(open)),
            _ -> true);
    assertThat(reply.tokenIds()).hasSize(3 + 1 + 5);
    assertThat(reply.tokenIds().get(3)).isEqualTo(closeId);
    assertThat(reply.reason()).isEqualTo(Reason.LENGTH);
    ThinkingLimit tooMuch =
        new ThinkingLimit(
            model.architecture().maxPositions(), OptionalInt.of(openId), closeId, false);
    assertThatThrownBy(() ->
            language.stream(
                new GenerationRequest(
                    opened, 5, new Sampling.Greedy(), Set.of(), Optional.of(tooMuch)),
                _ -> true))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("does not fit the model's context");
  }
}
