package org.bitatlas.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bitatlas.eval.Oracles;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Scores of lm-evaluation-harness. */
class DropScoreTest {

  @Test
  void equalsTheHarness() {
    for (JsonNode golden : Oracles.withKey("lm_eval", "drop")) {
      for (JsonNode one : golden.get("drop")) {
        List<List<String>> answers =
            one.get("answers")
                .valueStream()
                .map(spans -> spans.valueStream().map(JsonNode::stringValue).toList())
                .toList();
        String reply = one.get("reply").stringValue();
        assertThat(DropScore.normalized(reply)).isEqualTo(one.get("normalized").stringValue());
        assertThat(DropScore.of(reply, answers))
            .as(one.toString())
            .isEqualTo(new DropScore(one.get("em").doubleValue(), one.get("f1").doubleValue()));
      }
    }
  }
}
