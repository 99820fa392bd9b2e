package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bitatlas.eval.GreedyRun.run;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.MultipleChoiceTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Test;

/** Runs of tasks whose options are scored. */
class ChoiceRunTest {

  private static final Optional<ThinkingMode> SLOW = Optional.of(ThinkingMode.SLOW_THINK);
  private static final Optional<ThinkingMode> NO = Optional.of(ThinkingMode.NO_THINK);

  private static final MultipleChoiceTask CHOICES =
      new MultipleChoiceTask(
          "choices",
          "",
          "choices.jsonl",
          RecordTemplate.parse("{{ question }}"),
          "choices",
          "gold",
          " ",
          true,
          0.5,
          List.of(ThinkingMode.NO_THINK));

  private static Suite choices(Item.Choices... items) {
    return new Suite(Path.of("choices.jsonl"), "digest", List.of(items));
  }

  @Test
  void choicesFollowAClosedThinkingSpan() {
    FakeModel model =
        FakeModel.scoring(request -> new double[request.tokenIds().length - request.from()]);
    run(
        CHOICES,
        NO,
        choices(new Item.Choices(0, "q", List.of("a", "bc"), 1)),
        model,
        FakeTokenizer.thinking(),
        RunOptions.ALL);
    assertThat(model.scorings.get(1).tokenIds())
        .containsExactly(
            joined(
                new FakeTokenizer().encode("user:q /no_think:", true),
                new int[] {FakeTokenizer.OPEN, FakeTokenizer.CLOSE},
                new FakeTokenizer().encode(" bc", false),
                new int[] {FakeTokenizer.STOP}));
    assertThat(model.scorings.get(1).from()).isEqualTo(model.scorings.get(1).tokenIds().length - 4);
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @Test
  void choicesOfABaseModelFollowThePlainText() {
    FakeModel model = FakeModel.scoring(request -> new double[] {-request.tokenIds().length});
    TaskResult result =
        run(
            CHOICES,
            Optional.empty(),
            choices(new Item.Choices(0, "q: ", List.of("abc", "d"), 0)),
            model,
            FakeTokenizer.base(),
            RunOptions.ALL);
    // The space at the end of the context belongs to the continuation.
    assertThat(model.scorings.getFirst().tokenIds())
        .containsExactly(new FakeTokenizer().encode("q:  abc", true));
    assertThat(model.scorings.getFirst().from()).isEqualTo(3);
    assertThat(result.primary()).isZero();
    assertThat(result.metrics()).containsEntry("acc_norm", 1.0);
    assertThat(result.samples().getFirst().answer()).isEqualTo("d");
    assertThat(result.samples().getFirst().measure("loglikelihood_0")).isEqualTo(-8);
  }

  @Test
  void tiesGoToTheFirstChoice() {
    FakeModel model = FakeModel.scoring(request -> new double[] {-1});
    TaskResult result =
        run(
            CHOICES,
            NO,
            choices(
                new Item.Choices(0, "q", List.of("a", "b"), 0),
                new Item.Choices(1, "q", List.of("a", "b"), 1)),
            model,
            FakeTokenizer.thinking(),
            RunOptions.ALL);
    assertThat(result.samples().stream().map(SampleRecord::correct)).containsExactly(true, false);
  }

  @Test
  void scoresThatAreNotFiniteAreNeverCompared() {
    FakeModel model = FakeModel.scoring(request -> new double[] {-1, Double.NaN});
    TaskResult result =
        run(
            CHOICES,
            NO,
            choices(new Item.Choices(0, "q", List.of("a", "b"), 0)),
            model,
            FakeTokenizer.thinking(),
            RunOptions.ALL);
    assertThat(result.state()).isEqualTo(CellState.NON_FINITE);
    assertThat(result.primary()).isNaN();
    assertThat(result.samples().getFirst().outcome()).isEqualTo("NON_FINITE");
    assertThat(result.samples().getFirst().correct()).isFalse();
  }

  @Test
  void choicesCannotBeScoredAfterThinking() {
    FakeModel model = FakeModel.scoring(request -> new double[] {-1});
    Suite suite = choices(new Item.Choices(0, "q", List.of("a", "b"), 0));
    assertThatThrownBy(
            () -> run(CHOICES, SLOW, suite, model, FakeTokenizer.thinking(), RunOptions.ALL))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no_think");
  }
}
