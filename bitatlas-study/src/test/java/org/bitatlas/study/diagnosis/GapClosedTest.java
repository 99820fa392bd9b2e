package org.bitatlas.study.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Metric;
import org.junit.jupiter.api.Test;

class GapClosedTest {

  @Test
  void countsErrorsBeyondFloats() {
    List<SampleRecord> floats = new ArrayList<>();
    List<SampleRecord> baseline = new ArrayList<>();
    List<SampleRecord> row = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      // Float has 10 wrong, the baseline these and 60 more, the row these and 15 of the 60.
      floats.add(reply(i, i >= 10));
      baseline.add(reply(i, i >= 70));
      row.add(reply(i, i >= 25));
    }

    GapClosed gap = GapClosed.of(Metric.ACCURACY, floats, baseline, row, _ -> true).orElseThrow();

    assertThat(gap.share()).isCloseTo(0.75, within(1e-12));
    assertThat(gap.baseline()).isCloseTo(0.3, within(1e-12));
    assertThat(gap.row()).isCloseTo(0.075, within(1e-12));
    // Of 60 broken items 45 are mended: a binomial share has a standard error of 0.056.
    assertThat(gap.low()).isBetween(0.61, 0.67);
    assertThat(gap.high()).isBetween(0.83, 0.88);
    assertThat(GapClosed.of(Metric.ACCURACY, floats, floats, row, _ -> true)).isEmpty();
    assertThat(
            GapClosed.of(Metric.ACCURACY, floats, baseline, row, sample -> sample.index() < 20)
                .orElseThrow()
                .items())
        .isEqualTo(20);
  }

  @Test
  void theWayOfADivergenceIsToZero() {
    List<SampleRecord> floats = List.of(text(0, 0, 100), text(1, 0, 300));
    List<SampleRecord> baseline = List.of(text(0, 10, 100), text(1, 30, 300));
    List<SampleRecord> row = List.of(text(0, 4, 100), text(1, 12, 300));

    GapClosed gap = GapClosed.of(Metric.PERPLEXITY, floats, baseline, row, _ -> true).orElseThrow();

    assertThat(gap.baseline()).isCloseTo(0.1, within(1e-12));
    assertThat(gap.row()).isCloseTo(0.04, within(1e-12));
    assertThat(gap.share()).isCloseTo(0.6, within(1e-12));
    // Both windows have the same share, so that no resample has another.
    assertThat(gap.low()).isCloseTo(0.6, within(1e-9));
    assertThat(gap.high()).isCloseTo(0.6, within(1e-9));
  }

  private static SampleRecord reply(int index, boolean correct) {
    return new SampleRecord(
        index, "p" + index, "", "1", "1", "1", correct, 3, "CLOSED", new LinkedHashMap<>());
  }

  private static SampleRecord text(int index, double divergence, double tokens) {
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    measures.put("kl", divergence);
    measures.put("tokens", tokens);
    return new SampleRecord(index, "p" + index, "", "", "", "", false, 0, "SCORED", measures);
  }
}
