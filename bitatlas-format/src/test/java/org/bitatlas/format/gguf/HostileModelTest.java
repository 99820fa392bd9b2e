package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.SmallModel;
import org.bitatlas.format.WeightFiles;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.nano.Nano;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * GGUF files that are well formed and no model that is run: one clear sentence, nothing written.
 */
class HostileModelTest {

  @TempDir Path folder;

  private final GgufMetadata metadata = GgufMetadata.empty("bad.gguf");
  private final List<GgufTensorData> tensors = new ArrayList<>();

  /** Starts from a file that is good. */
  @BeforeEach
  void copyOfAGoodFile() throws IOException {
    Path model = GoldenFiles.folder("stories260K");
    try (ModelFolder source = ModelFolder.open(model)) {
      FloatRounding rounding = FloatRounding.pure(GgufType.F16);
      var plan =
          GgufFormatWriter.rounding(rounding).plan(GgufFormatWriter.source(source, rounding));
      Path good = folder.resolve("good.gguf");
      AtomicFile.write(good, ((WeightFiles.SingleFile) plan.weights()).body());
      try (GgufFile file = GgufFile.open(good)) {
        file.metadata().values().forEach(metadata::put);
        for (GgufTensor tensor : file.tensors().values()) {
          List<byte[]> rows = new ArrayList<>();
          for (int row = 0; row < tensor.info().rows(); row++) {
            rows.add(tensor.blocks(row));
          }
          tensors.add(
              new GgufTensorData(
                  tensor.info().name(),
                  tensor.info().type(),
                  tensor.info().shape(),
                  (row, target) -> System.arraycopy(rows.get(row), 0, target, 0, target.length)));
        }
      }
    }
  }

  private void refused(Consumer<HostileModelTest> change, String reason) {
    change.accept(this);
    Path file = folder.resolve("bad.gguf");
    GgufWriter.write(file, metadata, tensors);
    Path target = folder.resolve("target");
    assertThatThrownBy(() -> GgufUnpacking.unpack(file, target, Optional.empty()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(reason)
        .message()
        .hasLineCount(1);
    assertThat(target).doesNotExist();
    assertThat(folder.resolve(".target.partial")).doesNotExist();
  }

  @Test
  void theGoodFileIsGood() {
    Path file = folder.resolve("same.gguf");
    GgufWriter.write(file, metadata, tensors);
    GgufUnpacking.unpack(file, folder.resolve("target"), Optional.empty());
    assertThat(folder.resolve("target/tokenizer.model")).exists();
  }

  @Test
  void otherArchitecture() {
    refused(
        test -> test.metadata.put(GeneralKeys.ARCHITECTURE, "mamba"),
        "is of architecture \"mamba\"; BitAtlas runs llama, qwen2, pangu-embedded");
  }

  @Test
  void missingTensor() {
    refused(test -> test.tensors.remove(5), "has no tensor blk.0.");
  }

  @Test
  void tensorOfAnotherStructure() {
    refused(
        test ->
            test.tensors.add(
                new GgufTensorData(
                    "blk.0.ffn_gate_inp.weight", GgufType.F32, List.of(64L), (row, blocks) -> {})),
        "tensors that its architecture does not ask for, for example blk.0.ffn_gate_inp.weight");
  }

  @Test
  void tensorOfAnotherShape() {
    refused(
        test -> {
          GgufTensorData last = test.tensors.removeLast();
          test.tensors.add(
              new GgufTensorData(last.name(), last.type(), List.of(32L), (row, blocks) -> {}));
        },
        "has shape [32], expected [64]");
  }

  @Test
  void numbersThatCannotBe() {
    refused(test -> test.metadata.put("llama.block_count", 0), "llama.block_count");
    refused(test -> test.metadata.put("llama.block_count", 900_000), "has no tensor blk.5.");
  }

  @Test
  void otherRotaryEmbedding() {
    refused(test -> test.metadata.put("llama.rope.scaling.type", "yarn"), "rope.scaling.type");
  }

  @Test
  void noTokenizer() {
    refused(
        test -> test.metadata.put("tokenizer.ggml.model", "no_vocab"),
        "cannot be rebuilt; give the folder of the model's tokenizer");
    Path file = folder.resolve("bad.gguf");
    GgufUnpacking.unpack(
        file, folder.resolve("target"), Optional.of(GoldenFiles.folder("stories260K")));
    assertThat(folder.resolve("target/tokenizer.json")).exists();
  }

  @Test
  void aFolderThatIsSomethingElseStays() throws IOException {
    Path file = folder.resolve("same.gguf");
    GgufWriter.write(file, metadata, tensors);
    Path target = Files.createDirectories(folder.resolve("mine"));
    Files.writeString(target.resolve("thesis.txt"), "mine");
    assertThatThrownBy(() -> GgufUnpacking.unpack(file, target, Optional.empty()))
        .hasMessageContaining("is not a quantized checkpoint");
    assertThat(target.resolve("thesis.txt")).hasContent("mine");
  }

  /** Scales of single precision are refused, or rounded where that is asked for. */
  @Test
  void scalesThatHalfPrecisionDoesNotHold() {
    Path model = Nano.open().modelFolder();
    try (ModelFolder opened = FormatCatalog.open(model)) {
      LinkedHashMap<String, StoredLinear> linears =
          new LinkedHashMap<>(
              SmallModel.linears(opened.architecture(), SmallModel.symmetric(4, 32)));
      ((GridLinear) linears.get("model.layers.1.mlp.up_proj")).scales()[7] = 0.1f;
      ExportSource source =
          new ExportSource(
              new QuantizedCheckpoint(linears, SmallModel.provenance()),
              opened.checkpoint(),
              opened.architecture(),
              JsonFile.object(),
              model);
      assertThatThrownBy(() -> new GgufFormatWriter().plan(source))
          .isInstanceOf(FormatRefusal.class)
          .hasMessageContaining("model.layers.1.mlp.up_proj")
          .hasMessageContaining("--round-scales");
      assertThat(new GgufFormatWriter(true).plan(source).notes())
          .anyMatch(note -> note.contains("rounded to fp16"));
    }
  }
}
