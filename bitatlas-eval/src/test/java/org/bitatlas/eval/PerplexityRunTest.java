package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.bitatlas.eval.GreedyRun.run;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.PerplexityTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

/** Runs over the windows of a text. */
class PerplexityRunTest {

  private static PerplexityTask perplexity(PerplexityDefinition.Begin begin, int window) {
    return new PerplexityTask(
        "text",
        "",
        "text.txt",
        new PerplexityDefinition(TextCleaning.NONE, "", window, OptionalInt.empty(), begin));
  }

  private static Suite text(String text) {
    return new Suite(Path.of("text.txt"), "digest", List.of(new Item.Text(0, text)));
  }

  @Test
  void perplexityOfAUniformModelIsItsVocabulary() {
    FakeModel model =
        FakeModel.scoring(request -> {
          double[] scores = new double[request.tokenIds().length - request.from()];
          Arrays.fill(scores, -Math.log(32));
          return scores;
        });
    TaskResult result =
        run(
            perplexity(PerplexityDefinition.Begin.EACH_WINDOW, 4),
            Optional.empty(),
            text("abcdefghij"),
            model,
            FakeTokenizer.base(),
            RunOptions.ALL);
    assertThat(result.primary()).isCloseTo(32, within(1e-9));
    assertThat(result.metrics()).containsEntry("windows", 2.0).containsEntry("tokens", 8.0);
    assertThat(result.metrics().get("bits_per_byte")).isCloseTo(5, within(1e-12));
    assertThat(model.scorings.get(1).tokenIds())
        .containsExactly(new FakeTokenizer().encode("efgh", true));
    assertThat(result.samples().get(1).prompt()).isEqualTo("efgh");
  }

  @Test
  void theFirstTokenOfAWindowIsUnscoredWithoutItsOwnBeginToken() {
    FakeModel model =
        FakeModel.scoring(request -> new double[request.tokenIds().length - request.from()]);
    TaskResult start =
        run(
            perplexity(PerplexityDefinition.Begin.TEXT_START, 4),
            Optional.empty(),
            text("abcdefg"),
            model,
            FakeTokenizer.base(),
            RunOptions.ALL);
    assertThat(start.metrics()).containsEntry("tokens", 6.0);
    assertThat(model.scorings.getFirst().tokenIds())
        .containsExactly(new FakeTokenizer().encode("abc", true));
    assertThat(model.scorings.get(1).tokenIds())
        .containsExactly(new FakeTokenizer().encode("defg", false));
  }

  @Test
  void perplexityNeedsAWholeWindow() {
    FakeModel model = FakeModel.scoring(request -> new double[0]);
    assertThatThrownBy(() ->
            run(
                perplexity(PerplexityDefinition.Begin.NONE, 8),
                Optional.empty(),
                text("abc"),
                model,
                FakeTokenizer.base(),
                RunOptions.ALL))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("3 tokens")
        .hasMessageContaining("window of 8");
  }

  @Test
  void perplexityWithANumberThatIsNotFiniteHasNoNumber() {
    FakeModel model =
        FakeModel.scoring(request -> new double[] {-1, Double.NaN, Double.NEGATIVE_INFINITY});
    TaskResult result =
        run(
            perplexity(PerplexityDefinition.Begin.NONE, 4),
            Optional.empty(),
            text("abcdefgh"),
            model,
            FakeTokenizer.base(),
            new RunOptions(OptionalInt.empty(), 1, Optional.empty()));
    assertThat(result.state()).isEqualTo(CellState.NON_FINITE);
    assertThat(result.metrics()).containsEntry("non_finite", 2.0);
    assertThat(result.primary()).isNaN();
    assertThat(model.chunks).hasSize(1);
  }
}
