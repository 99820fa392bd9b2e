package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that dies in the middle of an export. */
class KilledExportTest {

  @TempDir Path folder;

  private Path quantized(String name, int bits) throws IOException {
    return SmallModel.writeQuantized(
        folder.resolve(name),
        ElementType.F16,
        SmallModel.symmetric(bits, 32),
        new LinkedHashMap<>());
  }

  private static void export(Path quantized, Path target) {
    try (ModelFolder opened = ModelFolder.open(quantized)) {
      ExportSource source = ExportSource.of(opened);
      new CheckpointExport(source, new GptqWriter().plan(source), KilledExport.OPTIONS)
          .write(target);
    }
  }

  /** Starts an export in a process of its own and kills it between its shards. */
  private void killed(Path quantized, Path target) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledExport.class.getName(),
                quantized.toString(),
                target.toString())
            .redirectError(folder.resolve("errors.txt").toFile())
            .start();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(lines.readLine())
          .as(Files.readString(folder.resolve("errors.txt")))
          .isEqualTo(KilledExport.HALFWAY);
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).isNotZero();
  }

  @Test
  void nothingLooksFinishedAndAnotherExportSucceeds() throws Exception {
    Path quantized = quantized("quantized", 4);
    Path target = folder.resolve("export");
    Path partial = folder.resolve(".export.partial");

    killed(quantized, target);

    assertThat(target).doesNotExist();
    try (Stream<Path> left = Files.walk(partial)) {
      assertThat(left.filter(file -> file.toString().endsWith(".safetensors")))
          .as("the process died with shards on the disk")
          .isNotEmpty();
    }
    assertThat(FormatCatalog.formatOf(partial)).isEmpty();
    assertThat(QuantizedCheckpointFolder.isQuantized(partial)).isFalse();

    export(quantized, target);
    assertThat(partial).doesNotExist();
    export(quantized, folder.resolve("undisturbed"));
    assertThat(content(target)).isEqualTo(content(folder.resolve("undisturbed")));
    assertThat(FormatCatalog.formatOf(target)).contains(FormatName.GPTQ);
  }

  @Test
  void anEarlierExportStays() throws Exception {
    Path target = folder.resolve("export");
    export(quantized("earlier", 8), target);
    Map<String, String> before = content(target);
    Path quantized = quantized("quantized", 4);

    killed(quantized, target);

    assertThat(content(target)).isEqualTo(before);
    export(quantized, target);
    assertThat(content(target)).isNotEqualTo(before);
  }

  private static Map<String, String> content(Path folder) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        content.put(
            file.getFileName().toString(),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return content;
  }
}
