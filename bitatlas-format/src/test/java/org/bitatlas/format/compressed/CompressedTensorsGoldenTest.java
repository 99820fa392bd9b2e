package org.bitatlas.format.compressed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.GoldenFormats;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Checkpoints that compressed-tensors itself wrote. */
class CompressedTensorsGoldenTest {

  private static final String DEQUANTIZED = "dequant.";

  @TempDir Path folder;

  static List<Path> checkpoints() {
    List<Path> cases = GoldenFormats.cases("compressed_tensors_", "");
    assertThat(cases).isNotEmpty();
    return cases;
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void readsWeightsBitForBit(Path golden) {
    try (ModelFolder opened = FormatCatalog.open(golden);
        Checkpoint expected = SafetensorsCheckpoint.open(golden.resolve("expected.safetensors"))) {
      int compared = 0;
      for (String name : expected.names()) {
        if (name.startsWith(DEQUANTIZED)) {
          String module = name.substring(DEQUANTIZED.length(), name.length() - ".weight".length());
          StoredLinear linear = opened.quantized().orElseThrow().linears().get(module);
          StoredTensor weight = expected.get(name);
          float[] values = StoredFloats.values(weight, weight.shape());
          float[] read = linear.dequantize();
          for (int i = 0; i < read.length; i++) {
            assertThat(StoredFloats.round(read[i], weight.type())).isEqualTo(values[i]);
          }
          compared++;
        }
      }
      assertThat(compared).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void writesTheSameFile(Path golden) throws IOException {
    Path written = folder.resolve("written");
    try (ModelFolder opened = FormatCatalog.open(golden)) {
      ExportSource source = ExportSource.of(opened);
      new CheckpointExport(
              source, new CompressedTensorsWriter().plan(source), ExportOptions.DEFAULT)
          .write(written);
    }

    assertThat(
            Files.mismatch(
                written.resolve("model.safetensors"), golden.resolve("model.safetensors")))
        .isEqualTo(-1);
    assertThat((JsonNode) JsonFile.read(written.resolve("config.json")))
        .isEqualTo(JsonFile.read(golden.resolve("config.json")));
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void givesTheLibrarysLogits(Path golden) {
    JsonNode description = JsonFile.read(golden.resolve("expected.json"));
    double tolerance = description.path("tolerances").path("logits_abs").doubleValue();
    try (ModelFolder opened = FormatCatalog.open(golden);
        TransformerModel model = opened.load(Precision.FP32);
        Checkpoint expected = SafetensorsCheckpoint.open(golden.resolve("expected.safetensors"));
        TensorScope _ = TensorScope.open()) {
      StoredTensor ids = expected.get("ids");
      long[] row = Tensor.fromMemory(ids.data(), ids.type(), ids.shape()).toLongs();
      int[] sequence = new int[row.length];
      for (int i = 0; i < row.length; i++) {
        sequence[i] = (int) row[i];
      }
      StoredTensor logits = expected.get("logits");
      double[] golds = Tensor.fromMemory(logits.data(), logits.type(), logits.shape()).toDoubles();
      double[] actual = model.logits(new int[][] {sequence}).toDoubles();

      double largest = 0;
      for (int i = 0; i < golds.length; i++) {
        largest = Math.max(largest, Math.abs(actual[i] - golds[i]));
      }
      assertThat(largest).isLessThan(tolerance);
    }
  }
}
