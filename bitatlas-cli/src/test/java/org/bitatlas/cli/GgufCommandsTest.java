package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands {@code gguf}, {@code unpack} and {@code convert} on GGUF files. */
class GgufCommandsTest extends CommandTest {

  private static final String MODEL =
      Path.of(System.getProperty("bitatlas.oracles", "../oracles"), "stories260K").toString();
  private static final int[][] PROMPT = {{1, 17, 42, 5, 99, 23, 7, 64}};

  @TempDir Path folder;

  private void succeeds(String... arguments) {
    assertThat(run(arguments)).as(err).isEqualTo(Exit.OK);
  }

  private static float[] logits(Path model) {
    try (ModelFolder opened = FormatCatalog.open(model);
        TransformerModel loaded = opened.load(Precision.FP32);
        TensorScope _ = TensorScope.open()) {
      return loaded.logits(PROMPT).toFloats();
    }
  }

  /** The bare file of a model that {@code gguf} wrote, away from its folder. */
  private Path file(String type) throws IOException {
    Path written = folder.resolve("written-" + type);
    succeeds(
        "gguf", MODEL, "--type", type, "--outer-type", outer(type), "--output", written.toString());
    assertThat(out).contains("Written to " + written, ".gguf", "float: ");
    try (Stream<Path> files = Files.list(written)) {
      Path gguf = files.filter(path -> path.toString().endsWith(".gguf")).findFirst().orElseThrow();
      return Files.move(gguf, folder.resolve(type + ".gguf"));
    }
  }

  /** Embedding and head stay float: formats other than GGUF have no quantized embedding. */
  private static String outer(String type) {
    return type.equals("F32") ? "F32" : "F16";
  }

  @Test
  void aFloatFileUnpacksToTheModelItWasMadeOf() throws IOException {
    Path model = folder.resolve("model");
    succeeds("unpack", file("F32").toString(), model.toString());
    assertThat(out).contains("Unpacked to " + model);
    assertThat(logits(model)).isEqualTo(logits(Path.of(MODEL)));
    assertThat(model.resolve("config.json")).exists();
    assertThat(model.resolve("tokenizer.model")).exists();
  }

  @Test
  void aBareFileIsConvertedWithItsWeights() throws IOException {
    Path file = file("Q8_0");
    Path unpacked = folder.resolve("unpacked");
    Path neutral = folder.resolve("neutral");
    Path other = folder.resolve("other");
    succeeds("unpack", file.toString(), unpacked.toString());
    succeeds("convert", file.toString(), "--to", "bitatlas", "--output", neutral.toString());
    succeeds(
        "convert", file.toString(), "--to", "compressed-tensors", "--output", other.toString());

    assertThat(QuantizedCheckpointFolder.isQuantized(neutral)).isTrue();
    float[] expected = logits(unpacked);
    assertThat(logits(neutral)).isEqualTo(expected);
    assertThat(logits(other)).isEqualTo(expected);
    assertThat(other.resolve("tokenizer.model")).exists();
    assertThat(left()).isZero();
  }

  private static long left() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(path -> path.getFileName().toString().startsWith("bitatlas-convert"))
          .count();
    }
  }

  @Test
  void refusalsAreOneLine() throws IOException {
    String target = folder.resolve("target").toString();
    assertThat(run("gguf", MODEL, "--type", "Q9", "--output", target)).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(run("unpack", folder.resolve("no.gguf").toString(), target)).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(run("convert", file("F16").toString(), "--to", "gptq", "--output", target))
        .isEqualTo(Exit.ERROR);
    assertThat(err).contains("is not quantized");
    Path damaged = Files.write(folder.resolve("damaged.gguf"), new byte[40]);
    assertThat(run("convert", damaged.toString(), "--to", "bitatlas", "--output", target))
        .isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(Path.of(target)).doesNotExist();
    assertThat(left()).isZero();
  }
}
