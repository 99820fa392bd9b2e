package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.metric.RollingWindows;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.RollingPerplexityTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Rolling perplexity against lm-evaluation-harness. */
class RollingPerplexityTest {

  private static final RollingPerplexityTask TASK =
      new RollingPerplexityTask(
          "rolling", "", "pages.jsonl", RecordTemplate.parse("{{ page }}"), TextCleaning.NONE, 4);

  @Test
  void windowsEqualTheGoldenOnes() {
    for (JsonNode golden : Oracles.withKey("lm_eval", "rolling_windows")) {
      for (JsonNode example : golden.get("rolling_windows")) {
        List<ScoringRequest> windows =
            RollingWindows.of(
                Oracles.ints(example.get("tokens")), -100, example.get("window").intValue());
        List<List<int[]>> expected = new ArrayList<>();
        for (JsonNode window : example.get("windows")) {
          expected.add(List.of(Oracles.ints(window.get(0)), Oracles.ints(window.get(1))));
        }
        assertThat(windows).hasSameSizeAs(expected);
        for (int i = 0; i < windows.size(); i++) {
          int[] ids = windows.get(i).tokenIds();
          int from = windows.get(i).from();
          int[] given = expected.get(i).getFirst();
          int[] predicted = expected.get(i).getLast();
          assertThat(Arrays.copyOfRange(ids, from, ids.length)).isEqualTo(predicted);
          assertThat(Arrays.copyOf(ids, from)).isEqualTo(given);
        }
      }
    }
  }

  @Test
  void pagesAreCleanedAndCountedAsTheHarnessDoes() {
    for (JsonNode golden : Oracles.withKey("lm_eval", "wikitext_pages")) {
      for (JsonNode page : golden.get("wikitext_pages")) {
        String text = page.get("page").stringValue();
        assertThat(TextCleaning.WIKITEXT_HARNESS.apply(text))
            .isEqualTo(page.get("target").stringValue());
        assertThat(Whitespace.parts(text)).isEqualTo(page.get("words").intValue());
        assertThat(text.getBytes(StandardCharsets.UTF_8).length)
            .isEqualTo(page.get("bytes").intValue());
      }
    }
  }

  @Test
  void everyTokenCountsOnceAndTheUnitsAgree() {
    List<Item> pages =
        List.of(new Item.Document(0, "one two three"), new Item.Document(1, "é four"));
    FakeModel model =
        FakeModel.scoring(request -> {
          double[] scores = new double[request.tokenIds().length - request.from()];
          Arrays.fill(scores, -0.5);
          return scores;
        });
    TaskResult result =
        TaskRunner.run(
            TASK,
            Optional.empty(),
            new Suite(Path.of("pages.jsonl"), "digest", pages),
            model,
            FakeTokenizer.base(),
            new Sampling.Greedy(),
            RunOptions.ALL,
            _ -> {});
    double tokens = result.metrics().get("tokens");
    assertThat(result.state()).isEqualTo(CellState.OK);
    assertThat(result.metrics()).containsEntry("words", 5.0);
    assertThat(result.primary()).isCloseTo(Math.exp(0.5 * tokens / 5), within(1e-9));
    assertThat(result.metrics().get("byte_perplexity"))
        .isCloseTo(Math.exp(0.5 * tokens / 20), within(1e-9));
    assertThat(result.metrics().get("bits_per_byte"))
        .isCloseTo(Math.log(result.metrics().get("byte_perplexity")) / Math.log(2), within(1e-12));
  }

  @Test
  void numberThatIsNotFiniteIsNoPerplexity() {
    TaskResult result =
        TaskRunner.run(
            TASK,
            Optional.empty(),
            new Suite(Path.of("p"), "d", List.of(new Item.Document(0, "a b"))),
            FakeModel.scoring(request -> nan(request.tokenIds().length - request.from())),
            FakeTokenizer.base(),
            new Sampling.Greedy(),
            RunOptions.ALL,
            _ -> {});
    assertThat(result.state()).isEqualTo(CellState.NON_FINITE);
    assertThat(result.primary()).isNaN();
  }

  private static double[] nan(int count) {
    double[] scores = new double[count];
    Arrays.fill(scores, Double.NaN);
    return scores;
  }
}
