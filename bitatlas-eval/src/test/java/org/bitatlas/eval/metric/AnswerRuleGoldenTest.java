package org.bitatlas.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bitatlas.eval.Oracles;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Filters and exact match of lm-evaluation-harness. */
class AnswerRuleGoldenTest {

  private static final List<String> IGNORED = List.of(",", "\\$", "(?s).*#### ", "\\.$");
  private static final AnswerRule STRICT =
      new AnswerRule.Match(List.of("#### (\\-?[0-9\\.\\,]+)"), false, IGNORED, true);
  private static final AnswerRule FLEXIBLE =
      new AnswerRule.Match(List.of("(-?[$0-9.,]{2,})|(-?[0-9]+)"), true, IGNORED, true);

  @Test
  void judgesGsm8kAsTheHarness() {
    for (JsonNode golden : Oracles.withKey("lm_eval", "gsm8k")) {
      for (JsonNode one : golden.get("gsm8k")) {
        equal(one, STRICT, "strict-match");
        equal(one, FLEXIBLE, "flexible-extract");
      }
    }
  }

  private static void equal(JsonNode one, AnswerRule rule, String filter) {
    String expected = rule.expected(one.get("target").stringValue()).orElseThrow();
    AnswerRule.Judgement found = rule.judge(one.get("reply").stringValue(), expected);
    assertThat(found.answer().orElse("[invalid]"))
        .as(one.toString())
        .isEqualTo(one.get(filter).get(0).stringValue());
    assertThat(found.right()).as(one.toString()).isEqualTo(one.get(filter).get(1).intValue() == 1);
  }
}
