package org.bitatlas.study.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.SpeedSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeedStudyTest {
  /** Of each measurement: whether there is a time is looked at, not how steady it is. */
  private static final double SECONDS = 0.02;

  private static final SpeedSpec SPEC =
      new SpeedSpec(List.of("nano"), List.of("fp32", "w8a8"), 16, 8, 2, 2);

  @TempDir Path folder;

  @Test
  void keepsARecordPerSchemeWithItsRoundsAndMeasuresNothingTwice() {
    assertThat(SpeedStudy.run(SPEC, 1, folder, (_, _, _) -> {}, SECONDS)).isEqualTo(1);
    try (RunStore store = RunStore.open(folder)) {
      List<RunRecord> records = store.records();
      assertThat(records).hasSize(2).allMatch(SpeedRecord::is);
      RunRecord low = records.stream().filter(r -> r.recipe().equals("w8a8")).findFirst().get();
      assertThat(low.bits()).isEqualTo(8);
      assertThat(low.inputs()).containsEntry("prompt", "16").containsKey("processor");
      List<SampleRecord> rounds = store.samples(low.key());
      assertThat(rounds).hasSize(2);
      for (SampleRecord round : rounds) {
        double parts =
            round.measures().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(SpeedRecord.PREFILL_PHASE))
                .mapToDouble(entry -> entry.getValue())
                .sum();
        assertThat(parts).isCloseTo(round.measure(SpeedRecord.PREFILL), within(1e-9));
        assertThat(round.measure(SpeedRecord.PREFILL_PHASE + "quantization")).isPositive();
      }
    }
    assertThat(SpeedStudy.run(SPEC, 1, folder, (_, _, _) -> {}, SECONDS)).isZero();
  }
}
