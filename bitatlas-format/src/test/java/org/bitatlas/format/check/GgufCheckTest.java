package org.bitatlas.format.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.gguf.FloatRounding;
import org.bitatlas.format.gguf.GgufFormatWriter;
import org.bitatlas.format.gguf.GgufType;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.nano.Nano;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GGUF file of the embedded model, whole and broken. */
class GgufCheckTest {

  @TempDir private Path folder;
  private Path made;

  @BeforeEach
  void export() {
    made = folder.resolve("gguf");
    FloatRounding rounding = FloatRounding.usual(GgufType.Q4_K);
    try (ModelFolder nano = ModelFolder.open(Nano.open().modelFolder())) {
      ExportSource source = GgufFormatWriter.source(nano, rounding);
      new CheckpointExport(
              source, GgufFormatWriter.rounding(rounding).plan(source), ExportOptions.DEFAULT)
          .write(made);
    }
  }

  private Path file() throws IOException {
    try (Stream<Path> files = Files.list(made)) {
      return files.filter(name -> name.toString().endsWith(".gguf")).findFirst().orElseThrow();
    }
  }

  private CheckReport check(String target, Optional<String> device) {
    return CheckpointCheck.run(made, LoaderTarget.of(target, device));
  }

  @Test
  void findsNothingInWhatLoads() {
    assertThat(check("llama.cpp", Optional.empty()).findings()).isEmpty();
  }

  @Test
  void namesTheFileThatIsCutOff() throws IOException {
    try (RandomAccessFile whole = new RandomAccessFile(file().toFile(), "rw")) {
      whole.setLength(whole.length() / 2);
    }
    assertThat(check("llama.cpp", Optional.empty()).findings())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.rule()).isEqualTo("damaged-file");
          assertThat(finding.where()).isEqualTo(file().getFileName().toString());
        });
  }

  @Test
  void namesTensorsWithoutAKernelOnAscend() {
    assertThat(check("llama.cpp", Optional.of("ascend-310p")).findings())
        .isNotEmpty()
        .allSatisfy(finding -> assertThat(finding.rule()).isEqualTo("unsupported-type"))
        .anySatisfy(finding -> assertThat(finding.where()).isEqualTo("blk.0.ffn_down.weight"));
  }

  @Test
  void saysThatOthersDoNotLoadIt() {
    assertThat(check("vllm-ascend", Optional.empty()).findings())
        .anySatisfy(finding -> {
          assertThat(finding.rule()).isEqualTo("format");
          assertThat(finding.remedy()).contains("modelslim");
        });
  }
}
