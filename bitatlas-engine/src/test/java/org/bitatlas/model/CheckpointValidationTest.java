package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointValidationTest {

  private static final Architecture TIED = architecture(true);
  private static final Architecture UNTIED = architecture(false);

  @TempDir Path folder;

  @Test
  void everyGoldenModelMatchesItsConfiguration() throws IOException {
    List<Path> models = goldenModels();
    Assumptions.assumeFalse(models.isEmpty(), "no golden models");
    for (Path model : models) {
      Architecture architecture = ArchitectureReader.read(model.resolve("config.json"));
      try (Checkpoint checkpoint = SafetensorsCheckpoint.open(model)) {
        CheckpointValidation.check(architecture, checkpoint);
      }
    }
  }

  @Test
  void vendorAndLlamaStyleConfigurationsOfTheSameModelAgree() {
    Path model = oracles().resolve("models/openpangu_llama_attention_bias");
    Assumptions.assumeTrue(Files.exists(model.resolve("config.pangu.json")), "no such model");
    Architecture vendor = ArchitectureReader.read(model.resolve("config.pangu.json"));
    Architecture llama = ArchitectureReader.read(model.resolve("config.json"));
    assertThat(CheckpointValidation.expectedTensors(vendor))
        .isEqualTo(CheckpointValidation.expectedTensors(llama));
    assertThat(vendor.rope()).isEqualTo(llama.rope());
  }

  @Test
  void embeddedModelMatchesItsConfiguration() {
    Path model =
        Path.of(System.getProperty("bitatlas.root"))
            .resolve("bitatlas-nano/src/main/resources/org/bitatlas/nano/model");
    Architecture architecture = ArchitectureReader.read(model.resolve("config.json"));
    assertThat(architecture.tiedEmbeddings()).isTrue();
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(model)) {
      CheckpointValidation.check(architecture, checkpoint);
    }
  }

  @Test
  void listsEveryMissingExtraAndUnusableTensor() {
    SequencedMap<String, TensorData> tensors = complete(UNTIED);
    tensors.remove("model.norm.weight");
    tensors.remove("model.layers.1.self_attn.o_proj.bias");
    put(tensors, "model.extra", ElementType.F32, List.of(1L));
    put(tensors, "model.layers.2.input_layernorm.weight", ElementType.F32, List.of(8L));
    put(tensors, "model.layers.0.mlp.up_proj.weight", ElementType.F32, List.of(8L, 12L));
    put(tensors, "lm_head.weight", ElementType.I8, List.of(10L, 8L));
    assertThatThrownBy(() -> check(UNTIED, tensors))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(
            "2 missing: model.layers.1.self_attn.o_proj.bias, model.norm.weight; ")
        .hasMessageContaining("2 unexpected: ")
        .hasMessageContaining("model.extra")
        .hasMessageContaining("model.layers.2.input_layernorm.weight")
        .hasMessageContaining("2 unusable: ")
        .hasMessageContaining("model.layers.0.mlp.up_proj.weight (shape [8, 12], not [12, 8])")
        .hasMessageContaining("lm_head.weight (type I8, not BF16, F16, F32 or F64)");
  }

  @Test
  void skipsStoredRotaryFrequencies() {
    SequencedMap<String, TensorData> tensors = complete(UNTIED);
    put(tensors, "model.layers.0.self_attn.rotary_emb.inv_freq", ElementType.F32, List.of(2L));
    assertThatCode(() -> check(UNTIED, tensors)).doesNotThrowAnyException();
  }

  @Test
  void acceptsATiedHeadOnlyWhenItEqualsTheEmbedding() {
    SequencedMap<String, TensorData> tensors = complete(TIED);
    put(tensors, "lm_head.weight", ElementType.F32, List.of(10L, 8L));
    assertThatCode(() -> check(TIED, tensors)).doesNotThrowAnyException();
    float[] other = new float[80];
    other[79] = 1;
    MemorySegment data = MemorySegment.ofArray(other);
    tensors.put(
        "lm_head.weight",
        new TensorData("lm_head.weight", ElementType.F32, List.of(10L, 8L), data));
    assertThatThrownBy(() -> check(TIED, tensors))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("lm_head.weight (differs from model.embed_tokens.weight");
  }

  @Test
  void doesNotAskForWeightsHeldElsewhere() {
    SequencedMap<String, TensorData> tensors = complete(UNTIED);
    String module = "model.layers.0.mlp.down_proj";
    QuantizedCheckpoint quantized = quantized(module, 8, 12);
    tensors.remove(module + ".weight");
    assertThatThrownBy(() -> check(UNTIED, tensors))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("1 missing: model.layers.0.mlp.down_proj.weight");
    put(tensors, module + ".weight", ElementType.F32, List.of(8L, 12L));
    assertThatCode(() -> check(UNTIED, tensors, quantized)).doesNotThrowAnyException();
    put(tensors, module + ".codes", ElementType.U8, List.of(4L));
    assertThatThrownBy(() -> check(UNTIED, tensors, quantized))
        .hasMessageContaining("1 unexpected: model.layers.0.mlp.down_proj.codes");
    tensors.remove(module + ".codes");
    tensors.remove("model.layers.0.self_attn.q_proj.bias");
    assertThatThrownBy(() -> check(UNTIED, tensors, quantized))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("1 missing: model.layers.0.self_attn.q_proj.bias");
  }

  @Test
  void refusesAQuantizedCheckpointOfAnotherModel() {
    SequencedMap<String, TensorData> tensors = complete(UNTIED);
    assertThatThrownBy(() -> check(UNTIED, tensors, quantized("model.layers.9.mlp.up_proj", 12, 8)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("model.layers.9.mlp.up_proj.weight is unknown");
    assertThatThrownBy(() -> check(UNTIED, tensors, quantized("model.layers.0.mlp.up_proj", 8, 8)))
        .hasMessageContaining("has shape [8, 8], not [12, 8]");
    QuantizedCheckpoint quantized = quantized("model.layers.0.mlp.up_proj", 12, 8);
    ActivationQuantizer rounding = ActivationQuantizer.perToken(8, true);
    quantized.activations().put("lm_head", LinearActivations.rounding(rounding));
    quantized.attention().put(2, AttentionActivations.rounding(rounding));
    quantized.floats().put("model.norm.bias", FloatTensor.vector(new float[8]));
    assertThatThrownBy(() -> check(UNTIED, tensors, quantized))
        .hasMessageContainingAll(
            "activations of lm_head", "attention of block 2", "model.norm.bias is unknown");
  }

  @Test
  void aTiedModelMayHaveAQuantizedHead() {
    SequencedMap<String, TensorData> tensors = complete(TIED);
    put(tensors, "lm_head.weight", ElementType.F32, List.of(10L, 8L));
    assertThatCode(() -> check(TIED, tensors, quantized("lm_head", 10, 8)))
        .doesNotThrowAnyException();
  }

  /** A module kept in float, which is stored under the base's name. */
  private static QuantizedCheckpoint quantized(String module, int rows, int columns) {
    QuantizedCheckpoint quantized =
        new QuantizedCheckpoint(
            new LinkedHashMap<>(),
            new Provenance(
                "tiny", "0", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
    quantized.linears().put(module, new FloatLinear(rows, columns, new float[rows * columns]));
    return quantized;
  }

  @Test
  void recognizesCheckpointsThatAreAlreadyQuantized() {
    SequencedMap<String, TensorData> tensors = complete(UNTIED);
    String module = "model.layers.0.mlp.down_proj";
    tensors.remove(module + ".weight");
    put(tensors, module + ".qweight", ElementType.I32, List.of(1L));
    assertThatThrownBy(() -> check(UNTIED, tensors))
        .hasMessageContaining("it looks already quantized");
  }

  private void check(Architecture architecture, SequencedMap<String, TensorData> tensors) {
    write(tensors);
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(folder)) {
      CheckpointValidation.check(architecture, checkpoint);
    }
  }

  private void check(
      Architecture architecture,
      SequencedMap<String, TensorData> tensors,
      QuantizedCheckpoint quantized) {
    write(tensors);
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(folder)) {
      CheckpointValidation.check(architecture, checkpoint, quantized);
    }
  }

  private void write(SequencedMap<String, TensorData> tensors) {
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter.write(file, new ArrayList<>(tensors.values()), new LinkedHashMap<>());
  }

  private static SequencedMap<String, TensorData> complete(Architecture architecture) {
    SequencedMap<String, TensorData> tensors = new LinkedHashMap<>();
    CheckpointValidation.expectedTensors(architecture)
        .forEach((name, shape) -> put(tensors, name, ElementType.F32, shape));
    return tensors;
  }

  private static void put(
      SequencedMap<String, TensorData> tensors, String name, ElementType type, List<Long> shape) {
    long count = shape.stream().reduce(1L, Math::multiplyExact);
    byte[] zeros = new byte[(int) (count * type.bits() / 8)];
    tensors.put(name, new TensorData(name, type, shape, MemorySegment.ofArray(zeros)));
  }

  private static Architecture architecture(boolean tied) {
    return new Architecture(
        "PanguEmbeddedForCausalLM",
        10,
        8,
        12,
        2,
        2,
        1,
        4,
        1e-5,
        new RotaryEmbedding.Plain(10_000),
        true,
        true,
        false,
        tied,
        32,
        0,
        List.of(),
        1,
        List.of(2));
  }

  private static Path oracles() {
    return Path.of(System.getProperty("bitatlas.oracles"));
  }

  private static List<Path> goldenModels() throws IOException {
    List<Path> models = new ArrayList<>();
    if (Files.isDirectory(oracles().resolve("models"))) {
      try (Stream<Path> folders = Files.list(oracles().resolve("models"))) {
        folders.sorted().forEach(models::add);
      }
    }
    models.add(oracles().resolve("stories260K"));
    models.removeIf(model -> !Files.exists(model.resolve("config.json")));
    return models;
  }
}
