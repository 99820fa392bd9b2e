package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;

class RepeatedPassesTest {

  private static TaskResult run(boolean... right) {
    List<SampleRecord> samples = new ArrayList<>();
    for (int i = 0; i < right.length; i++) {
      samples.add(
          new SampleRecord(i, "", "", "", "", "", right[i], 0, "PASS", new LinkedHashMap<>()));
    }
    return new TaskResult(CellState.OK, "", 0, new LinkedHashMap<>(), samples, right.length);
  }

  @Test
  void itemsAreAveraged() {
    List<TaskResult> runs =
        List.of(run(true, false), run(true, false), run(false, false), run(false, false));
    var metrics = RepeatedPasses.of(runs);
    assertThat(metrics).containsOnlyKeys("pass_at_1", "pass_at_2", "pass_at_4");
    assertThat(metrics.get("pass_at_1")).isCloseTo(0.25, within(1e-15));
    // Of the six pairs of the first item's runs one has no right program.
    assertThat(metrics.get("pass_at_2")).isCloseTo(5 / 12.0, within(1e-15));
    assertThat(metrics.get("pass_at_4")).isEqualTo(0.5);
  }

  @Test
  void unequalRunsHaveNone() {
    assertThat(RepeatedPasses.of(List.of(run(true), run(true, true)))).isEmpty();
    assertThat(RepeatedPasses.of(List.of(run(true)))).isEmpty();
  }
}
