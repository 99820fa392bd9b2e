package org.bitatlas.format.awq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.GoldenFormats;
import org.bitatlas.format.GoldenLayer;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.RoundTrip;
import org.bitatlas.format.SmallModel;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class AwqTest {

  @TempDir Path folder;

  static List<Path> layers() {
    List<Path> cases = GoldenFormats.cases("awq_gemm_", ".json");
    assertThat(cases).isNotEmpty();
    return cases;
  }

  @ParameterizedTest
  @MethodSource("layers")
  void packsAndUnpacksAutoAwqsLayersBitForBit(Path file) {
    try (GoldenLayer golden = GoldenLayer.open(file)) {
      GridLinear grid = golden.grid(4, golden.options().path("q_group_size").intValue());
      List<TensorData> tensors = AwqLayer.tensors(GridLayer.of("m", grid));
      assertThat(golden.equals(tensors.get(0), "qweight")).isTrue();
      assertThat(golden.equals(tensors.get(1), "qzeros")).isTrue();
      assertThat(golden.equals(tensors.get(2), "scales")).isTrue();

      Path copy = folder.resolve("layer.safetensors");
      golden.write(
          copy, Map.of("qweight", "m.qweight", "qzeros", "m.qzeros", "scales", "m.scales"));
      try (Checkpoint stored = SafetensorsCheckpoint.open(copy)) {
        int[] size = golden.size();
        AwqLayer layer = new AwqLayer(stored, "m", size[0], size[1], grid.groupSize());
        assertThat(layer.names()).containsExactlyInAnyOrderElementsOf(stored.names());
        GridLinear read = layer.cells().withCodes(layer.codes());
        assertThat(read).isEqualTo(grid);
        StoredTensor weight = golden.tensors().get("W_dequantized");
        assertThat(read.dequantize()).isEqualTo(StoredFloats.values(weight, weight.shape()));
      }
    }
  }

  private static BiFunction<String, int[], StoredLinear> grids(int bits, int groupSize) {
    return (module, size) ->
        SmallModel.grid(
            size[0],
            size[1],
            bits,
            groupSize == 0 ? size[1] : groupSize,
            false,
            Optional.empty(),
            module.hashCode());
  }

  private Path quantized(BiFunction<String, int[], StoredLinear> linears) throws IOException {
    return SmallModel.writeQuantized(
        folder.resolve("quantized"), ElementType.F16, linears, new LinkedHashMap<>());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 16, 32})
  void readsBackWhatItWrites(int groupSize) throws IOException {
    Path partly = folder.resolve("partly");
    SmallModel.keepFloat(
        quantized(grids(4, groupSize)), partly, "model.layers.0.mlp.down_proj"::equals);
    RoundTrip.assertExact(partly, new AwqWriter(), folder.resolve("export"));
    JsonNode section =
        JsonFile.read(folder.resolve("export/config.json")).path("quantization_config");
    assertThat(section.path("group_size").intValue()).isEqualTo(groupSize == 0 ? -1 : groupSize);
    assertThat(section.path("modules_to_not_convert").toString())
        .isEqualTo("[\"model.layers.0.mlp.down_proj\",\"lm_head\"]");
  }

  @Test
  void readsSettingsUnderTheirOlderNamesAndInTheirOlderFile() throws IOException {
    Path quantized = quantized(grids(4, 32));
    Path exported = folder.resolve("export");
    RoundTrip.export(quantized, new AwqWriter(), exported);
    ObjectNode configuration = JsonFile.read(exported.resolve("config.json"));
    ObjectNode old = JsonFile.object();
    old.put("zero_point", true).put("q_group_size", 32).put("w_bit", 4).put("version", "GEMM");

    configuration.set("quantization_config", old.deepCopy().put("quant_method", "awq"));
    Files.write(exported.resolve("config.json"), JsonFile.content(configuration));
    assertThat(new AwqReader().recognizes(exported)).isTrue();
    assertSameWeights(quantized, exported);

    configuration.remove("quantization_config");
    Files.write(exported.resolve("config.json"), JsonFile.content(configuration));
    assertThat(new AwqReader().recognizes(exported)).isFalse();
    Files.write(exported.resolve("quant_config.json"), JsonFile.content(old));
    assertSameWeights(quantized, exported);

    Files.write(exported.resolve("quant_config.json"), JsonFile.content(old.put("w_bit", 8)));
    assertThatThrownBy(() -> new AwqReader().read(exported))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("quant_config.json has 8 in the file w_bit, expected 4");
  }

  private static void assertSameWeights(Path quantized, Path exported) {
    try (ModelFolder own = ModelFolder.open(quantized);
        ModelFolder read = new AwqReader().read(exported)) {
      assertThat(read.quantized()).isEqualTo(own.quantized());
    }
  }

  @Test
  void refusesWhatHasNoPlace() throws IOException {
    assertRefused(quantized(grids(8, 32)), "8 bits");
    assertRefused(
        quantized(
            (module, size) -> grids(4, module.endsWith("q_proj") ? 16 : 32).apply(module, size)),
        "one group size");
    assertRefused(quantized((module, size) -> SmallModel.binary(size[0], size[1])), "BiLLM");
  }

  private void assertRefused(Path quantized, String reason) {
    assertThatThrownBy(
            () -> RoundTrip.export(quantized, new AwqWriter(), folder.resolve("refused")))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining(reason);
    assertThat(folder.resolve("refused")).doesNotExist();
  }
}
