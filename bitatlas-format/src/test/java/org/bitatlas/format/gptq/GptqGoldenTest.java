package org.bitatlas.format.gptq;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.GoldenFormats;
import org.bitatlas.format.GoldenLayer;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.scheme.GridLinear;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers that GPTQModel's own code packed. */
class GptqGoldenTest {

  @TempDir Path folder;

  static List<Path> layers() {
    List<Path> cases = GoldenFormats.cases("gptq_", ".json");
    assertThat(cases).isNotEmpty();
    return cases;
  }

  private static GridLinear grid(GoldenLayer golden) {
    return golden.grid(
        golden.options().path("bits").intValue(), golden.options().path("group_size").intValue());
  }

  @ParameterizedTest
  @MethodSource("layers")
  void packsBitForBit(Path file) {
    try (GoldenLayer golden = GoldenLayer.open(file)) {
      GridLinear grid = grid(golden);
      for (GptqVersion version : GptqVersion.values()) {
        GridLayer layer = GridLayer.of("m", grid);
        if (version.holdsZero() || !layer.holdsZero()) {
          List<TensorData> tensors = GptqLayer.tensors(layer, version);
          assertThat(golden.equals(tensors.get(0), "qweight")).isTrue();
          String zeros = "qzeros_" + (version == GptqVersion.V1 ? "v1" : "v2");
          assertThat(golden.equals(tensors.get(1), zeros)).as(zeros).isTrue();
          assertThat(golden.equals(tensors.get(2), "scales")).isTrue();
          assertThat(golden.equals(tensors.get(3), "g_idx")).isTrue();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void unpacksBothVersionsBitForBit(Path file) {
    for (GptqVersion version : GptqVersion.values()) {
      unpacks(file, version);
    }
  }

  private void unpacks(Path file, GptqVersion version) {
    try (GoldenLayer golden = GoldenLayer.open(file)) {
      String zeros = "qzeros_" + (version == GptqVersion.V1 ? "v1" : "v2");
      Path copy = folder.resolve("layer.safetensors");
      golden.write(
          copy,
          Map.of(
              "qweight", "m.qweight", zeros, "m.qzeros", "scales", "m.scales", "g_idx", "m.g_idx"));
      GridLinear expected = grid(golden);
      try (Checkpoint stored = SafetensorsCheckpoint.open(copy)) {
        int[] size = golden.size();
        GptqLayer layer =
            new GptqLayer(
                stored, "m", size[0], size[1], expected.bits(), expected.groupSize(), version);
        assertThat(layer.names()).containsExactlyInAnyOrderElementsOf(stored.names());
        GridLinear read = layer.cells().withCodes(layer.codes());
        assertThat(read).as(version.label()).isEqualTo(expected);
        StoredTensor weight = golden.tensors().get("W_dequantized");
        assertThat(read.dequantize()).isEqualTo(StoredFloats.values(weight, weight.shape()));
      }
    }
  }

  /** A zero point less 1 is read back in every field and width. */
  @ParameterizedTest
  @EnumSource(GptqVersion.class)
  void zeroPointsReadBack(GptqVersion version) {
    for (int bits : new int[] {2, 3, 4, 8}) {
      byte[] zeros = new byte[2 * 32];
      for (int i = 0; i < zeros.length; i++) {
        zeros[i] = (byte) (1 + i % ((1 << bits) - 1));
      }
      assertThat(version.unpack(version.pack(zeros, 2, 32, bits), 2, 32, bits)).isEqualTo(zeros);
    }
  }
}
