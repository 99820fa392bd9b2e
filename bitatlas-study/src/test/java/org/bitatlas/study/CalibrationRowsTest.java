package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bitatlas.study.diagnosis.CalibrationDifference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of one recipe on several calibrations. */
class CalibrationRowsTest {
  private static final StudySpec SPEC =
      StudySpec.parse(
          "calibrations",
          """
          name: calibrations
          models: [nano]
          calibration: {source: "chat:nano", mode: slow_think, samples: 2, length: 32}
          recipes:
            - float
            - {method: rtn, bits: 3}
            - {method: gptq, bits: 3}
            - {method: gptq, bits: 3, calibration: {source: "chat:nano", mode: no_think}}
            - {method: gptq, bits: 3, calibration: {source: "plain:nano"}}
          tasks: [{task: bool_nano, modes: [no_think]}]
          noise_floor: false
          """);

  @Test
  void eachHasKeysOfItsOwnTexts(@TempDir Path folder) {
    StudyOptions options =
        new StudyOptions(folder, Optional.empty(), Optional.empty(), 1, OptionalInt.empty());
    try (Workbench.Model model = new EngineWorkbench(SPEC, options).open("nano")) {
      List<String> digests =
          Grid.plan("nano", model, SPEC).rows().stream()
              .map(row -> row.cells().getFirst().inputs())
              .map(inputs -> inputs.getOrDefault("calibration", ""))
              .toList();
      assertThat(digests.subList(0, 2)).containsOnly("");
      assertThat(digests.subList(2, 5)).doesNotHaveDuplicates().doesNotContain("");
      SequencedMap<String, String> plain = model.calibration(SPEC.recipes().get(4));
      assertThat(plain.get("calibration")).isEqualTo(digests.get(4));
    }
  }

  @Test
  void aStudyComparesThemWithTheFirst(@TempDir Path folder) {
    try (RunStore store = RunStore.open(folder)) {
      FakeStudies.runner(new FakeWorkbench(50)).run(SPEC, store, StudyListener.SILENT);

      List<CalibrationDifference> found = CalibrationDifference.of(store);

      assertThat(found)
          .extracting(CalibrationDifference::row)
          .containsExactly("GPTQ W3 on chat:nano no_think", "GPTQ W3 on plain:nano");
      assertThat(found)
          .allSatisfy(difference -> {
            assertThat(difference.first()).isEqualTo("GPTQ W3");
            assertThat(difference.items()).isEqualTo(50);
            // The fake answers a recipe alike whatever it was calibrated on.
            assertThat(difference.difference()).isCloseTo(0, within(1e-12));
            assertThat(difference.line()).contains("+0.0 points [+0.0, +0.0] against GPTQ W3");
          });
    }
  }
}
