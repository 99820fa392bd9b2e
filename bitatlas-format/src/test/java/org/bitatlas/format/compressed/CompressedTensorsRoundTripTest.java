package org.bitatlas.format.compressed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.RoundTrip;
import org.bitatlas.format.SmallModel;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class CompressedTensorsRoundTripTest {

  private static final CompressedTensorsWriter WRITER = new CompressedTensorsWriter();

  @TempDir Path folder;

  private Path quantized(
      BiFunction<String, int[], StoredLinear> linears,
      SequencedMap<String, LinearActivations> activations)
      throws IOException {
    return SmallModel.writeQuantized(
        folder.resolve("quantized"), ElementType.BF16, linears, activations);
  }

  private static BiFunction<String, int[], StoredLinear> grids(
      int bits, int groupSize, boolean symmetric) {
    return (module, size) ->
        SmallModel.grid(
            size[0],
            size[1],
            bits,
            groupSize == 0 ? size[1] : groupSize,
            symmetric,
            Optional.empty(),
            module.hashCode());
  }

  private SequencedMap<String, LinearActivations> inputs(ActivationQuantizer quantizer)
      throws IOException {
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    SmallModel.linears(
            architecture(), (module, size) -> SmallModel.symmetric(8, 0).apply(module, size))
        .forEach((module, _) -> activations.put(module, LinearActivations.rounding(quantizer)));
    return activations;
  }

  private Architecture architecture() throws IOException {
    Path model = SmallModel.write(folder.resolve("shape"), ElementType.BF16, false);
    return ArchitectureReader.read(model.resolve("config.json"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void weightsOfEveryWidth(int bits) throws IOException {
    for (int groupSize : new int[] {0, 16, 32}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        Path written = quantized(grids(bits, groupSize, symmetric), new LinkedHashMap<>());
        RoundTrip.assertExact(written, WRITER, folder.resolve("export"));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"8,0", "4,0", "4,32"})
  void weightsAndInputsPerTokenInBothStoredForms(int bits, int groupSize) throws IOException {
    SequencedMap<String, LinearActivations> activations =
        inputs(ActivationQuantizer.perToken(8, true));
    Path written = quantized(grids(bits, groupSize, true), activations);
    Path plain = folder.resolve("plain");
    Path packed = folder.resolve("packed");

    RoundTrip.assertExact(written, WRITER, plain);
    RoundTrip.assertExact(written, new CompressedTensorsWriter(true, false), packed);

    assertThat(format(plain)).isEqualTo("int-quantized");
    assertThat(format(packed)).isEqualTo("pack-quantized");
    try (SafetensorsCheckpoint tensors = SafetensorsCheckpoint.open(plain)) {
      assertThat(tensors.get("model.layers.0.mlp.up_proj.weight").type()).isEqualTo(ElementType.I8);
    }
  }

  private static String format(Path folder) {
    return JsonFile.read(folder.resolve("config.json"))
        .path("quantization_config")
        .path("format")
        .stringValue();
  }

  @Test
  void fixedRangesKeepTheirGridAndOutputsAreRounded() throws IOException {
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    for (ActivationQuantizer fixed :
        new ActivationQuantizer[] {
          ActivationQuantizer.perTensor(8, true, -3.1f, 3.1f),
          ActivationQuantizer.perTensor(8, false, -1.1f, 2.3f),
          ActivationQuantizer.perTensor(8, false, 0, 5.7f)
        }) {
      String module =
          "model.layers.0."
              + new String[] {"self_attn.q_proj", "self_attn.k_proj", "mlp.down_proj"}
                  [activations.size()];
      activations.put(
          module,
          new LinearActivations(
              Optional.empty(),
              Optional.of(fixed),
              Optional.of(ActivationQuantizer.perToken(8, true))));
    }
    Path written = quantized(grids(8, 0, true), activations);
    RoundTrip.export(written, WRITER, folder.resolve("export"));

    try (var read = new CompressedTensorsReader().read(folder.resolve("export"))) {
      activations.forEach((module, around) -> {
        LinearActivations back = read.quantized().orElseThrow().activationsOf(module);
        assertThat(StaticRange.of(back.input().orElseThrow()))
            .isEqualTo(StaticRange.of(around.input().orElseThrow()));
        assertThat(back.output()).isEqualTo(around.output());
      });
    }
  }

  @Test
  void layersOfDifferentWidthsAreGroupsWithTheirOwnTargets() throws IOException {
    BiFunction<String, int[], StoredLinear> mixed =
        (module, size) -> {
          int bits = module.contains("mlp") ? 4 : module.contains("layers.1.self") ? 3 : 8;
          return grids(bits, bits == 8 ? 0 : 32, bits != 3).apply(module, size);
        };
    Path written = quantized(mixed, new LinkedHashMap<>());
    RoundTrip.assertExact(written, WRITER, folder.resolve("export"));
    JsonNode section =
        JsonFile.read(folder.resolve("export/config.json")).path("quantization_config");
    assertThat(section.path("config_groups")).hasSize(3);
    assertThat(section.toString())
        .contains("re:model\\\\.layers\\\\.\\\\d+\\\\.(mlp\\\\.gate_proj|mlp\\\\.up_proj|")
        .contains("\"model.layers.1.self_attn.q_proj\"");
  }

  @Test
  void unquantizedLayersAreIgnored() throws IOException {
    SequencedMap<String, LinearActivations> none = new LinkedHashMap<>();
    Path written = quantized(grids(4, 32, true), none);
    Path partly = folder.resolve("partly");
    SmallModel.keepFloat(written, partly, "model.layers.1.mlp.down_proj"::equals);
    RoundTrip.assertExact(partly, WRITER, folder.resolve("export"));
    assertThat(Files.readString(folder.resolve("export/config.json")))
        .contains("\"model.layers.1.mlp.down_proj\", \"lm_head\"");
  }

  @Test
  void scalesThatTheModelsTypeDoesNotHoldStayExactOrAreRounded() throws IOException {
    BiFunction<String, int[], StoredLinear> linears =
        (module, size) -> {
          GridLinear grid = (GridLinear) grids(4, 32, true).apply(module, size);
          grid.scales()[0] = 0.1f;
          return grid;
        };
    Path written = quantized(linears, new LinkedHashMap<>());
    RoundTrip.assertExact(written, WRITER, folder.resolve("export"));
    String name = "model.layers.0.mlp.up_proj.weight_scale";
    try (SafetensorsCheckpoint tensors = SafetensorsCheckpoint.open(folder.resolve("export"))) {
      assertThat(tensors.get(name).type()).isEqualTo(ElementType.F32);
    }
    assertThat(Files.readString(folder.resolve("export/README.md")))
        .contains("Scales are stored in fp32, because BF16 would change weights by up to 9.8e-04");

    RoundTrip.export(written, new CompressedTensorsWriter(false, true), folder.resolve("rounded"));
    try (SafetensorsCheckpoint tensors = SafetensorsCheckpoint.open(folder.resolve("rounded"))) {
      assertThat(tensors.get(name).type()).isEqualTo(ElementType.BF16);
    }
  }

  @Test
  void refusesWhatHasNoPlace() throws IOException {
    Path scattered =
        quantized(
            (module, size) ->
                SmallModel.grid(
                    size[0],
                    size[1],
                    4,
                    32,
                    true,
                    Optional.of(IntStream.range(0, size[1]).map(k -> k % (size[1] / 32)).toArray()),
                    1),
            new LinkedHashMap<>());
    assertRefused(scattered, "act order without static groups");
    assertRefused(quantized(grids(4, 48, true), new LinkedHashMap<>()), "no multiple");
    assertRefused(
        quantized((module, size) -> SmallModel.binary(size[0], size[1]), new LinkedHashMap<>()),
        "BiLLM");
    assertRefused(
        quantized(
            grids(8, 0, true),
            inputs(ActivationQuantizer.dynamic(8, true, ActivationQuantizer.Strategy.TOKEN, .9f))),
        "clipped");
  }

  private void assertRefused(Path quantized, String reason) {
    assertThatThrownBy(() -> RoundTrip.export(quantized, WRITER, folder.resolve("refused")))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining(reason);
    assertThat(folder.resolve("refused")).doesNotExist();
  }
}
