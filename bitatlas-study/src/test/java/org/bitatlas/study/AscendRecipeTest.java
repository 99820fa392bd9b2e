package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.check.CheckReport;
import org.bitatlas.format.check.CheckpointCheck;
import org.bitatlas.format.check.LoaderTarget;
import org.bitatlas.format.check.Severity;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe w4a8-ascend from the embedded model to a folder that vLLM-Ascend 0.23 loads. */
class AscendRecipeTest {

  @TempDir private Path folder;

  private static CalibrationSet calibration() {
    SplittableRandom random = new SplittableRandom(3);
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int[] ids = new int[64];
      for (int t = 0; t < ids.length; t++) {
        ids[t] = 3 + random.nextInt(2000);
      }
      sequences.add(ids);
    }
    return new CalibrationSet(sequences, "00", new LinkedHashMap<>());
  }

  @Test
  void exportsPassesTheCheckAndReadsBackAsItExecutesThere() {
    Path model = Nano.open().modelFolder();
    Path target = folder.resolve("exported");
    QuantizedCheckpoint quantized;
    try (ModelFolder opened = ModelFolder.open(model)) {
      quantized =
          QuantizationPipeline.quantize(
                  new QuantizationPipeline.Source(
                      "nano", opened.architecture(), opened.checkpoint()),
                  Recipe.parse(Map.of("method", "w4a8-ascend")),
                  Optional.of(calibration()),
                  1,
                  progress -> {})
              .checkpoint();
      ExportSource source =
          ExportSource.of(
              new ModelFolder(
                  model, opened.architecture(), opened.checkpoint(), Optional.of(quantized)));
      new CheckpointExport(
              source,
              FormatCatalog.writer(FormatName.MODELSLIM).plan(source),
              ExportOptions.DEFAULT)
          .write(target);
    }

    CheckReport release =
        CheckpointCheck.run(target, LoaderTarget.of("vllm-ascend@0.23", Optional.empty()));
    assertThat(release.passes()).isTrue();
    CheckReport main =
        CheckpointCheck.run(target, LoaderTarget.of("vllm-ascend@main", Optional.empty()));
    assertThat(main.findings())
        .filteredOn(finding -> finding.severity() == Severity.FAULT)
        .hasSize(18)
        .allSatisfy(finding -> {
          assertThat(finding.rule()).isEqualTo("unsupported-type");
          assertThat(finding.where()).contains(".mlp.");
        });

    try (ModelFolder read = FormatCatalog.open(target)) {
      QuantizedCheckpoint executed = read.quantized().orElseThrow();
      assertThat(executed.linears()).isEqualTo(quantized.linears());
      LinearActivations bytes = LinearActivations.rounding(ActivationQuantizer.perToken(8, true));
      for (String module : executed.linears().keySet()) {
        assertThat(quantized.activationsOf(module)).isEqualTo(bytes);
        assertThat(executed.activationsOf(module))
            .isEqualTo(module.contains(".mlp.") ? LinearActivations.NONE : bytes);
      }
    }
  }
}
