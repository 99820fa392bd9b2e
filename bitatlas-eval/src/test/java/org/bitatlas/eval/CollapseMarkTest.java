package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CollapseMarkTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "so x=42;#### 41 | 42 | true",
        "the answer is 42. | 42 | true",
        "42 | 42 | true",
        "142 and 420 | 42 | false",
        "x=-42 | 42 | false",
        "x=-42 | -42 | true",
        "42.5 or 1,420 or 3.42 | 42 | false",
        "Parisian | Paris | false",
        "not Parisian but (Paris) | Paris | true",
      })
  void anAnswerOccursAsAWordOfItsOwn(String text, String answer, boolean occurs) {
    assertThat(CollapseMark.occurs(text, answer)).isEqualTo(occurs);
  }

  @Test
  void collapseIsALoopOrMuchRepetitionWithoutAnEnd() {
    assertThat(CollapseMark.collapsed(reply(1, 0, 0))).isTrue();
    assertThat(CollapseMark.collapsed(reply(0, 1, 0.6))).isTrue();
    assertThat(CollapseMark.collapsed(reply(0, 1, 0.5))).isFalse();
    assertThat(CollapseMark.collapsed(reply(0, 0, 0.9))).isFalse();
  }

  @Test
  void anAnswerIsLostWhenItWasSeenAndNotGiven() {
    assertThat(CollapseMark.lost(sample(Map.of("answer_seen", 1.0), false))).isTrue();
    assertThat(CollapseMark.lost(sample(Map.of("answer_seen", 1.0), true))).isFalse();
    assertThat(CollapseMark.lost(sample(Map.of("answer_seen", 0.0), false))).isFalse();
    assertThat(CollapseMark.traced(sample(Map.of(), false))).isFalse();
  }

  @Test
  void ofASolutionTheAnswerIsLookedFor() {
    LinkedHashMap<String, Double> measures = new LinkedHashMap<>();
    CollapseMark.putSeen(measures, "so 18, or 19", "9 + 9 = 18\n#### 18", false);
    assertThat(measures).containsEntry("answer_seen", 1.0);
    measures.clear();
    CollapseMark.putSeen(measures, "long", "x".repeat(61), false);
    CollapseMark.putSeen(measures, "empty", " ", false);
    assertThat(measures).isEmpty();
  }

  private static SampleRecord reply(double loop, double truncated, double repeated) {
    return sample(Map.of("tail_loop", loop, "truncated", truncated, "rep_4", repeated), false);
  }

  private static SampleRecord sample(Map<String, Double> measures, boolean correct) {
    return new SampleRecord(
        0, "", "", "", "", "", correct, 0, "CLOSED", new LinkedHashMap<>(measures));
  }
}
