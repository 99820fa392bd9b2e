package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.scheme.StoredLinear;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports and conversions of a model whose codes are three times as large as the heap. */
class BoundedExportTest {

  private static final String HEAP = "-Xmx12m";
  private static final long HEAP_BYTES = 12L << 20;

  @TempDir static Path shared;

  @TempDir Path folder;

  private static Path model;

  @BeforeAll
  static void write() throws IOException {
    model = new LargeModel(512, 28, 4).write(shared.resolve("model"));
    try (Stream<Path> files = Files.list(model)) {
      assertThat(files.mapToLong(file -> file.toFile().length()).sum())
          .isGreaterThan(3 * HEAP_BYTES);
    }
  }

  private void convert(Path from, String format, Path to) throws Exception {
    Path errors = folder.resolve("errors.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                BoundedExport.class.getName(),
                from.toString(),
                format,
                to.toString())
            .redirectErrorStream(true)
            .redirectOutput(errors.toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
  }

  private void assertSame(Path converted) {
    try (ModelFolder actual = FormatCatalog.map(converted);
        QuantizedCheckpointFolder.Opened expected = QuantizedCheckpointFolder.map(model)) {
      for (String module :
          new String[] {"model.layers.0.self_attn.q_proj", "model.layers.27.mlp.down_proj"}) {
        StoredLinear layer = expected.quantized().linears().get(module);
        StoredLinear found = actual.quantized().orElseThrow().linears().get(module);
        // Groups of 128 are read from GGUF as blocks of 32 with the same weights.
        assertThat(found.dequantize()).as(module).isEqualTo(layer.dequantize());
      }
    }
  }

  @Test
  void exportsFromItsFiles() throws Exception {
    Path exported = folder.resolve("gptq");
    convert(model, FormatName.GPTQ.label(), exported);
    assertSame(exported);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"compressed-tensors", "gptq", "awq", "modelslim", "gguf"})
  void convertsThereAndBack(String format) throws Exception {
    Path exported = folder.resolve("exported");
    convert(model, format, exported);
    Path back = folder.resolve("back");
    convert(exported, BoundedExport.NEUTRAL, back);
    assertSame(back);
  }
}
