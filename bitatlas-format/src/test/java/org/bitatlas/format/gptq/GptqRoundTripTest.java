package org.bitatlas.format.gptq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.RoundTrip;
import org.bitatlas.format.SmallModel;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class GptqRoundTripTest {

  private static final GptqWriter V1 = new GptqWriter();
  private static final GptqWriter V2 = new GptqWriter(GptqVersion.V2, false);

  @TempDir Path folder;

  private Path quantized(BiFunction<String, int[], StoredLinear> linears) throws IOException {
    return SmallModel.writeQuantized(
        folder.resolve("quantized"), ElementType.F16, linears, new LinkedHashMap<>());
  }

  private static BiFunction<String, int[], StoredLinear> grids(
      int bits, int groupSize, boolean symmetric, boolean scattered) {
    return (module, size) -> {
      int columns = groupSize == 0 ? size[1] : groupSize;
      int groups = size[1] / columns;
      Optional<int[]> index =
          scattered
              ? Optional.of(IntStream.range(0, size[1]).map(k -> (k * 7 + 3) % groups).toArray())
              : Optional.empty();
      return SmallModel.grid(size[0], size[1], bits, columns, symmetric, index, module.hashCode());
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void layersOfEveryWidth(int bits) throws IOException {
    for (boolean symmetric : new boolean[] {true, false}) {
      RoundTrip.assertExact(
          quantized(grids(bits, 0, symmetric, false)), V1, folder.resolve("export"));
      Path scattered = quantized(grids(bits, 32, symmetric, true));
      RoundTrip.assertExact(scattered, V1, folder.resolve("export"));
      RoundTrip.assertExact(scattered, V2, folder.resolve("export"));
      JsonNode section = JsonFile.read(folder.resolve("export/quantize_config.json"));
      assertThat(section.path("desc_act").booleanValue()).isTrue();
      assertThat(section.path("sym").booleanValue()).isEqualTo(symmetric);
      assertThat(section.path("checkpoint_format").stringValue()).isEqualTo("gptq_v2");
      assertThat((JsonNode) section)
          .isEqualTo(
              JsonFile.read(folder.resolve("export/config.json")).path("quantization_config"));
    }
  }

  @Test
  void layersOfDifferentWidthsAreOverrides() throws IOException {
    Path written =
        quantized((module, size) ->
            grids(module.endsWith("down_proj") ? 8 : 4, 32, true, false).apply(module, size));
    Path partly = folder.resolve("partly");
    SmallModel.keepFloat(written, partly, "model.layers.1.self_attn.o_proj"::equals);
    RoundTrip.assertExact(partly, V1, folder.resolve("export"));
    assertThat(Files.readString(folder.resolve("export/quantize_config.json")))
        .contains("\"+:^model\\\\.layers\\\\.0\\\\.mlp\\\\.down_proj$\"")
        .contains("\"-:^model\\\\.layers\\\\.1\\\\.self_attn\\\\.o_proj$\"");
  }

  private Path widths(Map<String, Integer> others, boolean scattered) throws IOException {
    return quantized((module, size) -> {
      int bits = others.getOrDefault(module.substring(module.lastIndexOf('.') + 1), 4);
      return grids(bits, 32, true, scattered && bits == 8).apply(module, size);
    });
  }

  /** Layers that vLLM runs as one are named by their parts and by the whole. */
  @Test
  void fusedLayersThatAgreeShareAnOverride() throws IOException {
    Path written = widths(Map.of("q_proj", 8, "k_proj", 8, "v_proj", 8, "down_proj", 3), true);
    RoundTrip.assertExact(written, V1, folder.resolve("export"));
    JsonNode section = JsonFile.read(folder.resolve("export/quantize_config.json"));
    // Kernels of 3 bits have 4 and 8 too, and some loaders choose by these.
    assertThat(section.path("bits").intValue()).isEqualTo(3);
    assertThat(section.path("desc_act").booleanValue()).isFalse();
    JsonNode dynamic = section.path("dynamic");
    assertThat(dynamic.propertyNames())
        .contains("+:^model\\.layers\\.1\\.self_attn\\.(?:q_proj|k_proj|v_proj|qkv_proj)$")
        .contains("+:^model\\.layers\\.0\\.mlp\\.(?:gate_proj|up_proj|gate_up_proj)$")
        .contains("+:^model\\.layers\\.0\\.self_attn\\.o_proj$")
        .hasSize(6);
    assertThat(
            dynamic
                .path("+:^model\\.layers\\.0\\.self_attn\\.(?:q_proj|k_proj|v_proj|qkv_proj)$")
                .toString())
        .isEqualTo("{\"bits\":8,\"group_size\":32,\"desc_act\":true}");
    assertThat(Files.readString(folder.resolve("export/README.md")))
        .contains("from_pretrained of transformers does not")
        .doesNotContain("runs model.layers");
  }

  /** What transformers looks for, as it reads no overrides. */
  @Test
  void layersThatAreFloatInEveryBlockAreLeftOutOfAList() throws IOException {
    Path written = quantized(grids(4, 32, true, false));
    Path partly = folder.resolve("partly");
    SmallModel.keepFloat(written, partly, module -> module.endsWith("down_proj"));
    RoundTrip.assertExact(partly, V1, folder.resolve("export"));
    JsonNode section = JsonFile.read(folder.resolve("export/quantize_config.json"));
    assertThat(section.path("modules_in_block_to_quantize").toString())
        .contains("[[\"self_attn.q_proj\"", "\"mlp.up_proj\"")
        .doesNotContain("down_proj");
    assertThat(section.path("dynamic").propertyNames())
        .hasSize(2)
        .allMatch(key -> key.startsWith("-:"));
    assertThat(Files.readString(folder.resolve("export/README.md")))
        .doesNotContain("transformers does not");
    SmallModel.keepFloat(written, partly, "model.layers.1.mlp.down_proj"::equals);
    RoundTrip.export(partly, V1, folder.resolve("uneven"));
    assertThat(Files.readString(folder.resolve("uneven/quantize_config.json")))
        .doesNotContain("modules_in_block_to_quantize");
  }

  @Test
  void partsOfAFusedLayerThatDifferAreWrittenWithANote() throws IOException {
    Path written = widths(Map.of("q_proj", 8, "up_proj", 2), false);
    RoundTrip.assertExact(written, V2, folder.resolve("export"));
    assertThat(Files.readString(folder.resolve("export/README.md")))
        .contains(
            "vLLM runs model.layers.0.self_attn.qkv_proj as one layer, and its parts have"
                + " different bits or groups, as those of 3 more");
  }

  /** Written for vLLM only. */
  @Test
  void overridesUnderTheNameOfTheWholeAreRead() throws IOException {
    Path written = widths(Map.of("gate_proj", 8, "up_proj", 8), false);
    Path exported = folder.resolve("export");
    RoundTrip.export(written, V1, exported);
    ObjectNode configuration = JsonFile.read(exported.resolve("config.json"));
    configuration
        .withObject("quantization_config")
        .putObject("dynamic")
        .putObject("+:.*\\.gate_up_proj")
        .put("bits", 8);
    Files.write(exported.resolve("config.json"), JsonFile.content(configuration));
    try (ModelFolder read = FormatCatalog.open(exported);
        QuantizedCheckpointFolder.Opened expected = QuantizedCheckpointFolder.open(written)) {
      assertThat(read.quantized().orElseThrow().linears())
          .isEqualTo(expected.quantized().linears());
    }
  }

  @Test
  void scalesThatFp16DoesNotHoldAreRefusedOrRounded() throws IOException {
    Path written =
        quantized((module, size) -> {
          GridLinear grid = (GridLinear) grids(4, 32, true, false).apply(module, size);
          grid.scales()[0] = 0.1f;
          return grid;
        });
    assertRefused(written, V1, "rounding to fp16 changes weights by up to 2.4e-04");
    RoundTrip.export(written, new GptqWriter(GptqVersion.V1, true), folder.resolve("rounded"));
    assertThat(Files.readString(folder.resolve("rounded/README.md")))
        .contains("Scales were rounded to fp16, which changes weights by up to 2.4e-04");
    Path tiny =
        quantized((module, size) -> {
          GridLinear grid = (GridLinear) grids(4, 32, true, false).apply(module, size);
          grid.scales()[0] = 1e-9f;
          return grid;
        });
    assertRefused(tiny, new GptqWriter(GptqVersion.V1, true), "rounded to 0");
  }

  @Test
  void refusesWhatHasNoPlace() throws IOException {
    assertRefused(quantized(grids(5, 32, true, false)), V1, "5 bits");
    Path zero =
        quantized((module, size) -> {
          GridLinear grid = (GridLinear) grids(4, 32, false, false).apply(module, size);
          grid.zeroPoints()[5] = 0;
          return grid;
        });
    assertRefused(zero, V1, "zero point 0");
    RoundTrip.assertExact(zero, V2, folder.resolve("export"));
    SequencedMap<String, LinearActivations> rounded = new LinkedHashMap<>();
    rounded.put(
        "model.layers.0.mlp.up_proj",
        LinearActivations.rounding(ActivationQuantizer.perToken(8, true)));
    assertRefused(
        SmallModel.writeQuantized(
            folder.resolve("activations"), ElementType.F16, grids(4, 32, true, false), rounded),
        V1,
        "weights only");
  }

  private void assertRefused(Path quantized, GptqWriter writer, String reason) {
    assertThatThrownBy(() -> RoundTrip.export(quantized, writer, folder.resolve("refused")))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining(reason);
    assertThat(folder.resolve("refused")).doesNotExist();
  }
}
