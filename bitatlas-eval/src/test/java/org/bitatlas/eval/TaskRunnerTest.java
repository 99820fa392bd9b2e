package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bitatlas.eval.GreedyRun.run;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.metric.CodeRule;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.sandbox.Availability;
import org.bitatlas.eval.task.Budgets;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.ProgramChecks;
import org.bitatlas.eval.task.Subgroups;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Test;

class TaskRunnerTest {

  private static final Optional<ThinkingMode> SLOW = Optional.of(ThinkingMode.SLOW_THINK);
  private static final Optional<ThinkingMode> NO = Optional.of(ThinkingMode.NO_THINK);

  private static final GenerativeTask WORDS =
      new GenerativeTask(
          "words",
          "",
          "words.jsonl",
          RecordTemplate.parse("{{ question }}"),
          RecordTemplate.parse("{{ answer }}"),
          new AnswerRule.WholeText(),
          0.25,
          List.of(ThinkingMode.SLOW_THINK),
          new Budgets(
              new LinkedHashMap<>(Map.of(ThinkingMode.SLOW_THINK, 50, ThinkingMode.NO_THINK, 7))),
          Optional.of(
              new Subgroups(
                  "steps", List.of(new Subgroups.Range(0, 1), new Subgroups.Range(2, 9)))));

  private static Suite questions(int count) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(new Item.Question(i, "q" + i, "yes", OptionalInt.of(i)));
    }
    return new Suite(Path.of("words.jsonl"), "digest", items);
  }

  private static RunOptions chunks(int size, CollapseRule rule) {
    return new RunOptions(OptionalInt.empty(), size, Optional.of(rule));
  }

  private static Generation stopped(List<Integer> ids) {
    return new Generation(ids, Generation.Reason.STOP_TOKEN);
  }

  private static Function<GenerationRequest, Generation> inTurn(Generation... generations) {
    AtomicInteger next = new AtomicInteger();
    return request -> generations[next.getAndIncrement() % generations.length];
  }

  @Test
  void aBudgetOfThinkingIsAskedForAndCountedWhereItCut() {
    List<GenerationRequest> asked = new ArrayList<>();
    FakeModel model =
        FakeModel.writing(request -> {
          asked.add(request);
          return new Generation(
              FakeTokenizer.reply("hm", "yes"),
              Generation.Reason.STOP_TOKEN,
              asked.size() % 2 == 1);
        });
    RunOptions options =
        new RunOptions(OptionalInt.empty(), 128, Optional.empty(), OptionalInt.of(9));
    TaskResult result = run(WORDS, SLOW, questions(4), model, FakeTokenizer.thinking(), options);
    assertThat(asked)
        .hasSize(4)
        .allMatch(request -> request.thinking().orElseThrow().tokens() == 9);
    assertThat(result.metrics()).containsEntry("thinking_cut", 0.5);
    assertThat(result.samples()).extracting(s -> s.measure("thinking_cut")).contains(1.0, 0.0);
    assertThat(result.samples()).extracting(SampleRecord::outcome).containsOnly("CLOSED");
  }

  @Test
  void scoresEveryWayAReplyCanEnd() {
    FakeModel model =
        FakeModel.writing(
            inTurn(
                stopped(FakeTokenizer.reply("hm", " yes\n")),
                stopped(FakeTokenizer.reply("yes", "no")),
                stopped(FakeTokenizer.reply("", "")),
                stopped(FakeTokenizer.ids("yes")),
                stopped(List.of()),
                new Generation(
                    FakeTokenizer.reply("yes", "yes").subList(0, 4), Generation.Reason.LENGTH),
                new Generation(FakeTokenizer.reply("", "yes"), Generation.Reason.LENGTH),
                stopped(FakeTokenizer.reply("a", "x" + "yes"))));
    TaskResult result =
        run(WORDS, SLOW, questions(8), model, FakeTokenizer.thinking(), RunOptions.ALL);
    assertThat(result.samples().stream().map(SampleRecord::outcome))
        .containsExactly(
            "CLOSED",
            "CLOSED",
            "NO_ANSWER",
            "UNCLOSED",
            "UNCLOSED",
            "UNCLOSED",
            "TRUNCATED",
            "CLOSED");
    assertThat(result.samples().stream().map(SampleRecord::correct))
        .containsExactly(true, false, false, false, false, false, true, false);
    assertThat(result.state()).isEqualTo(CellState.OK);
    assertThat(result.primary()).isEqualTo(0.25);
    assertThat(result.metrics())
        .containsEntry("truncated", 0.25)
        .containsEntry("unclosed", 0.375)
        .containsEntry("no_answer", 0.5)
        .containsEntry("acc steps 0-1", 0.5)
        .containsEntry("acc steps 2-9", 1 / 6.0)
        .containsEntry("n", 8.0)
        .containsEntry("correct", 2.0);
    assertThat(result.samples().getFirst().answer()).isEqualTo("yes");
    assertThat(result.samples().getFirst().output()).isEqualTo("<3>hm<4> yes\n");
    assertThat(result.samples().getFirst().measure("thinking_tokens")).isEqualTo(2);
  }

  @Test
  void asksInTheModeWithItsBudget() {
    FakeModel model = FakeModel.writing(inTurn(stopped(List.of())));
    run(WORDS, NO, questions(1), model, FakeTokenizer.thinking(), RunOptions.ALL);
    GenerationRequest request = model.generations.getFirst();
    assertThat(request.promptIds())
        .containsExactly(new FakeTokenizer().encode("user:q0 /no_think:", true));
    assertThat(request.maxNewTokens()).isEqualTo(7);
    assertThat(request.stopIds()).containsExactly(FakeTokenizer.STOP);
  }

  @Test
  void aModelWithoutThinkingAnswersWithItsWholeReply() {
    FakeModel model = FakeModel.writing(inTurn(stopped(FakeTokenizer.ids("yes"))));
    TaskResult result =
        run(WORDS, Optional.empty(), questions(2), model, FakeTokenizer.base(), RunOptions.ALL);
    assertThat(result.primary()).isEqualTo(1);
    assertThat(model.generations.getFirst().maxNewTokens()).isEqualTo(7);
    assertThat(model.generations.getFirst().promptIds())
        .containsExactly(new FakeTokenizer().encode("q0", true));
  }

  @Test
  void refusesAModeTheModelDoesNotHave() {
    FakeModel model = FakeModel.writing(inTurn(stopped(List.of())));
    Optional<ThinkingMode> auto = Optional.of(ThinkingMode.AUTO_THINK);
    assertThatThrownBy(
            () -> run(WORDS, auto, questions(1), model, FakeTokenizer.thinking(), RunOptions.ALL))
        .isInstanceOf(BitAtlasException.class);
  }

  @Test
  void endsEarlyOnlyByTheCollapseRuleAndBetweenChunks() {
    Generation endless = new Generation(FakeTokenizer.ids("aaaaaaaaaa"), Generation.Reason.LENGTH);
    FakeModel model = FakeModel.writing(inTurn(endless));
    TaskResult result =
        run(
            WORDS,
            SLOW,
            questions(100),
            model,
            FakeTokenizer.thinking(),
            chunks(8, new CollapseRule(20, 0.02, 0.5)));
    assertThat(result.state()).isEqualTo(CellState.COLLAPSED);
    assertThat(model.chunks).containsExactly(8, 16);
    assertThat(result.samples()).hasSize(24);
    assertThat(result.plannedItems()).isEqualTo(100);
    assertThat(result.primary()).isZero();
    assertThat(result.reason())
        .contains("0 of 24 right and 24 without an end")
        .contains("after 20 items");
  }

  @Test
  void aBadModelThatEndsItsRepliesIsAskedEverything() {
    FakeModel model = FakeModel.writing(inTurn(stopped(FakeTokenizer.reply("", "no"))));
    TaskResult result =
        run(
            WORDS,
            SLOW,
            questions(50),
            model,
            FakeTokenizer.thinking(),
            chunks(8, new CollapseRule(20, 0.02, 0.5)));
    assertThat(result.state()).isEqualTo(CellState.OK);
    assertThat(result.samples()).hasSize(50);
  }

  @Test
  void aLogitThatIsNotFiniteEndsTheCellWithoutANumber() {
    FakeModel model =
        FakeModel.writing(
            inTurn(
                stopped(FakeTokenizer.reply("", "yes")),
                new Generation(List.of(), Generation.Reason.NON_FINITE)));
    TaskResult result =
        run(
            WORDS,
            SLOW,
            questions(10),
            model,
            FakeTokenizer.thinking(),
            new RunOptions(OptionalInt.empty(), 4, Optional.empty()));
    assertThat(result.state()).isEqualTo(CellState.NON_FINITE);
    assertThat(result.primary()).isNaN();
    assertThat(result.metrics()).containsEntry("non_finite", 2.0).doesNotContainKey("acc");
    assertThat(result.samples()).hasSize(4);
    assertThat(result.reason()).contains("2 of 4");
  }

  @Test
  void aCancelledGenerationMakesThePartialCell() {
    FakeModel model =
        FakeModel.writing(inTurn(new Generation(List.of(), Generation.Reason.CANCELLED)));
    TaskResult result =
        run(WORDS, SLOW, questions(3), model, FakeTokenizer.thinking(), RunOptions.ALL);
    assertThat(result.state()).isEqualTo(CellState.PARTIAL);
    assertThat(result.samples()).isEmpty();
    assertThat(result.primary()).isNaN();
  }

  @Test
  void reportsProgressOfEveryReply() {
    FakeModel model = FakeModel.writing(inTurn(stopped(List.of())));
    List<Progress> seen = new ArrayList<>();
    TaskRunner.run(
        WORDS,
        SLOW,
        questions(5),
        model,
        FakeTokenizer.thinking(),
        new Sampling.Greedy(),
        new RunOptions(OptionalInt.of(3), 2, Optional.empty()),
        seen::add);
    assertThat(seen)
        .containsExactly(
            new Progress("words", 1, 3), new Progress("words", 2, 3), new Progress("words", 3, 3));
  }

  @Test
  void everyItemOfARandomSamplingHasItsOwnSeed() {
    FakeModel model = FakeModel.writing(inTurn(stopped(List.of())));
    TaskRunner.run(
        WORDS,
        SLOW,
        questions(20),
        model,
        FakeTokenizer.thinking(),
        new Sampling.Random(0.6, 0, 0.95, 5),
        RunOptions.ALL,
        progress -> {});
    assertThat(
            model.generations.stream()
                .map(request -> ((Sampling.Random) request.sampling()).seed()))
        .doesNotHaveDuplicates();
  }

  @Test
  void programsAreRunAgainstTheirChecks() {
    assumeTrue(Availability.here() instanceof Availability.Ready);
    CodeTask task =
        new CodeTask(
            "code",
            "",
            "code.jsonl",
            RecordTemplate.parse("{{ prompt }}"),
            RecordTemplate.parse(""),
            new CodeRule.Whole(List.of("\n#")),
            new ProgramChecks.Written(RecordTemplate.parse("{{ test }}")),
            List.of(ThinkingMode.SLOW_THINK),
            new Budgets(new LinkedHashMap<>(Map.of(ThinkingMode.SLOW_THINK, 9))));
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      items.add(new Item.Program(i, "f", "def f(): ", "assert f() == 2"));
    }
    List<String> replies = List.of("return 2\n# no", "return 3", "return (", "return g()", "");
    FakeModel model =
        FakeModel.writing(
            inTurn(
                replies.stream()
                    .map(reply -> stopped(FakeTokenizer.reply("", reply)))
                    .toArray(Generation[]::new)));
    TaskResult result =
        run(
            task,
            SLOW,
            new Suite(Path.of("code.jsonl"), "digest", items),
            model,
            FakeTokenizer.thinking(),
            RunOptions.ALL);
    assertThat(result.state()).isEqualTo(CellState.OK);
    assertThat(result.samples())
        .extracting(SampleRecord::outcome)
        .containsExactly("PASS", "ASSERT", "SYNTAX", "EXCEPTION", "SYNTAX");
    assertThat(result.samples().getFirst().answer()).isEqualTo("def f(): return 2");
    assertThat(result.primary()).isEqualTo(0.2);
    assertThat(result.metrics()).containsEntry("syntax", 0.4).containsEntry("timeout", 0.0);
  }

  @Test
  void refusesDataOfAnotherTask() {
    FakeModel model = FakeModel.writing(inTurn(stopped(List.of())));
    Suite text = new Suite(Path.of("text.txt"), "digest", List.of(new Item.Text(0, "abc")));
    assertThatThrownBy(
            () -> run(WORDS, SLOW, text, model, FakeTokenizer.thinking(), RunOptions.ALL))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("words");
  }
}
