package org.bitatlas.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.bitatlas.eval.Oracles;
import org.bitatlas.eval.statistics.StandardError;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ChoiceScoresTest {

  @Test
  void choosesAsLmEvaluationHarness() {
    for (Path file : Oracles.files("statistics", "lm_eval_multiple_choice", ".json")) {
      JsonNode golden = Oracles.json(file);
      double tolerance = golden.at("/tolerances/abs").doubleValue();
      int[] correct = new int[3];
      for (JsonNode one : golden.get("cases")) {
        List<String> choices = one.get("choices").valueStream().map(JsonNode::stringValue).toList();
        ChoiceScores scores = new ChoiceScores(Oracles.doubles(one.get("loglikelihoods")), choices);
        int gold = one.get("gold").intValue();
        boolean[] own = {
          scores.best() == gold, scores.bestPerCharacter() == gold, scores.bestPerByte() == gold
        };
        String[] names = {"acc", "acc_norm", "acc_bytes"};
        for (int i = 0; i < own.length; i++) {
          assertThat(own[i] ? 1.0 : 0.0)
              .as("%s of %s", names[i], one)
              .isEqualTo(one.get("result").get(names[i]).doubleValue());
          correct[i] += own[i] ? 1 : 0;
        }
      }
      int items = golden.get("cases").size();
      assertThat(StandardError.ofProportion(correct[0], items))
          .isCloseTo(golden.at("/aggregate/acc/stderr").doubleValue(), within(tolerance));
      assertThat((double) correct[1] / items)
          .isCloseTo(golden.at("/aggregate/acc_norm/mean").doubleValue(), within(tolerance));
    }
  }

  @Test
  void bitsPerByteAndPerplexityOfSums() {
    for (Path file : Oracles.files("statistics", "lm_eval_multiple_choice", ".json")) {
      JsonNode weighted = Oracles.json(file).get("weighted");
      double sum = 0;
      long length = 0;
      for (JsonNode item : weighted.get("items_ll_and_length")) {
        sum -= item.get(0).doubleValue();
        length += item.get(1).longValue();
      }
      assertThat(PerplexityDefinition.perplexity(sum, length))
          .isCloseTo(weighted.get("weighted_perplexity").doubleValue(), within(1e-12));
      assertThat(PerplexityDefinition.bitsPerByte(sum, length))
          .isCloseTo(weighted.get("bits_per_byte").doubleValue(), within(1e-12));
    }
  }

  @Test
  void tiesGoToTheFirstChoice() {
    ChoiceScores scores = new ChoiceScores(new double[] {-2, -2, -2}, List.of("a", "b", "c"));
    assertThat(scores.best()).isZero();
    assertThat(scores.bestPerCharacter()).isZero();
    assertThat(scores.bestPerByte()).isZero();
  }

  @Test
  void lengthIsInCodePointsAndBytes() {
    // U+1F600 is one code point, two UTF-16 units, four bytes.
    ChoiceScores scores =
        new ChoiceScores(new double[] {-4, -5, -9}, List.of("\uD83D\uDE00", "ab", "abc"));
    assertThat(scores.best()).isEqualTo(0);
    assertThat(scores.bestPerCharacter()).isEqualTo(1);
    assertThat(scores.bestPerByte()).isEqualTo(0);
  }

  @Test
  void refusesAScoreThatIsNotANumber() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ChoiceScores(new double[] {Double.NaN, -1}, List.of("a", "b")));
  }
}
