package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a quantized checkpoint may hold beside grids, in its folder. */
class StoredPartsTest {

  @TempDir private Path folder;
  private Path model;
  private Path target;

  @BeforeEach
  void writeBaseModel() throws IOException {
    model = folder.resolve("model");
    target = folder.resolve("quantized");
    TinyCheckpoints.writeBase(model, false);
  }

  private void write(QuantizedCheckpoint quantized) {
    try (Checkpoint base = SafetensorsCheckpoint.open(model)) {
      QuantizedCheckpointFolder.write(quantized, base, model, target);
    }
  }

  @Test
  void everyPartIsReadBackBitForBit() {
    QuantizedCheckpoint everything = TinyCheckpoints.everything();
    write(everything);

    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target);
        Checkpoint base = SafetensorsCheckpoint.open(model)) {
      assertThat(opened.quantized()).isEqualTo(everything);
      assertThat(opened.floatParts().names())
          .containsAll(everything.storedTensors())
          .contains("model.layers.0.self_attn.o_proj.weight")
          .doesNotContain(
              "model.embed_tokens.weight",
              "model.layers.0.self_attn.q_proj.weight",
              "lm_head.weight");
      assertThat(opened.floatParts().get("model.layers.0.self_attn.o_proj.weight").data())
          .matches(
              data -> data.mismatch(base.get("model.layers.0.self_attn.o_proj.weight").data()) < 0);
    }
  }

  @Test
  void modulesOfABlockShareOneStoredTransform() {
    write(TinyCheckpoints.everything());

    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target)) {
      assertThat(opened.floatParts().names())
          .contains(
              "model.layers.1.self_attn.q_proj.transform_left",
              "model.layers.1.self_attn.q_proj.transform_right",
              "model.layers.1.self_attn.o_proj.transform_left",
              "model.layers.1.self_attn.key_transform")
          .doesNotContain(
              "model.layers.1.self_attn.k_proj.transform_left",
              "model.layers.1.self_attn.o_proj.transform_right");
    }
  }

  @Test
  void sizesCountAllThatIsStored() {
    QuantizedCheckpoint everything = TinyCheckpoints.everything();
    write(everything);

    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target);
        Checkpoint base = SafetensorsCheckpoint.open(model)) {
      long stored =
          opened.floatParts().names().stream()
              .mapToLong(name -> opened.floatParts().get(name).data().byteSize())
              .sum();
      ModelSize size = ModelSize.ofQuantized(opened.quantized(), opened.floatParts(), true);
      assertThat(size.wholeModelBytes()).isEqualTo(stored);
      assertThat(ModelSize.ofQuantized(everything, base, true)).isEqualTo(size);
      long blocks =
          everything.linears().entrySet().stream()
              .filter(entry -> entry.getKey().startsWith("model.layers."))
              .mapToLong(entry -> entry.getValue().storedBytes())
              .sum();
      long transforms = 3 * 4 * (4 + 9 + 9);
      long floatLayers = 3 * 4 * 36;
      assertThat(size.linearBytes()).isEqualTo(blocks + transforms + floatLayers);
      assertThat(size.storedBitsPerWeight())
          .isEqualTo(8.0 * size.linearBytes() / (3 * (4 * 36 + 48)));
    }
  }

  @Test
  void refusesPartsOfAnotherModel() {
    assertWriteRefused(
        withLinear("model.layers.0.self_attn.q_proj", TinyCheckpoints.grid(6, 7, 4, 7, 1)),
        "q_proj.weight has shape [6, 6]");
    assertWriteRefused(
        withLinear("model.layers.7.self_attn.q_proj", TinyCheckpoints.grid(6, 6, 4, 6, 1)),
        "no tensor 'model.layers.7.self_attn.q_proj.weight'");
    assertWriteRefused(
        withLinear("lm_head", TinyCheckpoints.grid(9, 6, 4, 6, 1)),
        "lm_head.weight has shape [10, 6]");
    QuantizedCheckpoint norm = withLinear("lm_head", TinyCheckpoints.grid(10, 6, 4, 6, 1));
    norm.floats().put("model.norm.weight", FloatTensor.vector(new float[5]));
    assertWriteRefused(norm, "model.norm.weight has shape [6]");
    norm.floats().clear();
    norm.floats().put("lm_head.weight", new FloatTensor(List.of(10L, 6L), new float[60]));
    assertWriteRefused(norm, "given twice");
    norm.floats().clear();
    norm.attention().put(3, AttentionActivations.rounding(ActivationQuantizer.perToken(8, true)));
    assertWriteRefused(norm, "block 3");
    norm.attention().clear();
    norm.activations()
        .put(
            "model.layers.0.mlp.down_proj",
            new LinearActivations(
                Optional.of(
                    new KroneckerTransform(2, 3, Optional.empty(), Optional.of(new float[9]))),
                Optional.empty(),
                Optional.empty()));
    assertWriteRefused(norm, "for inputs of 6 values, but the layer's have 8");
  }

  private static QuantizedCheckpoint withLinear(String module, StoredLinear linear) {
    QuantizedCheckpoint checkpoint =
        new QuantizedCheckpoint(new LinkedHashMap<>(), TinyCheckpoints.provenance());
    checkpoint.linears().put(module, linear);
    return checkpoint;
  }

  private void assertWriteRefused(QuantizedCheckpoint quantized, String message) {
    assertThatThrownBy(() -> write(quantized))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
    assertThat(target).doesNotExist();
  }

  @Test
  void refusesManifestsThatAreMalformed() throws IOException {
    write(TinyCheckpoints.everything());
    assertRefused("\"strategy\" : \"head\"", "\"strategy\" : \"row\"", "none of tensor, token");
    assertRefused("\"clipHigh\" : 0.7", "\"clipHigh\" : 1.7", "clipped by 0.9 and 1.7");
    assertRefused("\"clipHigh\" : 0.7", "\"clipHigh\" : \"0.7\"", "clipHigh must be a number");
    assertRefused("\"low\" : -1.1", "\"low\" : 1.1", "a range around 0");
    assertRefused("\"leftSize\" : 3", "\"leftSize\" : 4", "do not belong together");
    assertRefused("\"leftSize\" : 3", "\"leftSize\" : 0", "field leftSize must be 1 to");
    assertRefused(
        "\"storedWith\" : \"model.layers.0.self_attn.o_proj\"",
        "\"storedWith\" : \"model.layers.0.self_attn.p_proj\"",
        "no tensor 'model.layers.0.self_attn.p_proj.transform_left'");
    assertRefused("\"transformOfHeads\" : 2", "\"transformOfHeads\" : 3", "belong together");
    assertRefused("\"attention\" : {\n    \"0\"", "\"attention\" : {\n    \"x\"", "block \"x\"");
    assertRefused("\"attention\"", "\"attentions\"", "field attention must be an object");
    assertRefused("\"blockSize\" : 4", "\"blockSize\" : 2", "do not belong together");
    assertRefused("\"kind\" : \"mixed\"", "\"kind\" : \"binary\"", "field blockSize must be");
    assertRefused(
        "\"model.norm.weight\" : [ 6 ]", "\"model.norm.weight\" : [ 5 ]", "belong together");
    assertRefused(
        "\"model.norm.weight\" : [ 6 ]", "\"model.norm.weight\" : [ -6 ]", "a list of sizes");
    assertRefused("\"model.norm.weight\" :", "\"model.norm\" :", "no tensor 'model.norm'");
  }

  private void assertRefused(String text, String replacement, String message) throws IOException {
    Path manifest = target.resolve("bitatlas.json");
    String valid = Files.readString(manifest);
    assertThat(valid).contains(text);
    int at = valid.indexOf(text);
    Files.writeString(
        manifest, valid.substring(0, at) + replacement + valid.substring(at + text.length()));
    assertThatThrownBy(() -> QuantizedCheckpointFolder.open(target))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
    Files.writeString(manifest, valid);
  }

  @Test
  void readsFoldersOfVersionOne() throws IOException {
    Files.createDirectories(target);
    for (String name : List.of("bitatlas.json", "model.safetensors")) {
      try (InputStream stored = getClass().getResourceAsStream("version1/" + name)) {
        Files.copy(Objects.requireNonNull(stored), target.resolve(name));
      }
    }
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target)) {
      assertThat(opened.quantized()).isEqualTo(QuantizedCheckpointFolderTest.quantized());
      assertThat(opened.quantized().activations()).isEmpty();
    }
  }
}
