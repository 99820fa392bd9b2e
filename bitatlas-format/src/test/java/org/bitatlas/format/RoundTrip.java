package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.QuantizedCheckpointFolder;

/** Exports a quantized folder and compares what is read back. */
public final class RoundTrip {

  private RoundTrip() {}

  /** Exports a folder. */
  public static ExportReport export(Path quantized, FormatWriter writer, Path target) {
    try (ModelFolder opened = ModelFolder.open(quantized)) {
      ExportSource source = ExportSource.of(opened);
      return new CheckpointExport(source, writer.plan(source), ExportOptions.DEFAULT).write(target);
    }
  }

  /** Asserts that an export reads back bit for bit: layers, activations, floats, provenance. */
  public static void assertExact(Path quantized, FormatWriter writer, Path target) {
    export(quantized, writer, target);
    assertThat(FormatCatalog.formatOf(target)).contains(writer.format());
    try (ModelFolder read = FormatCatalog.open(target);
        QuantizedCheckpointFolder.Opened written = QuantizedCheckpointFolder.open(quantized)) {
      QuantizedCheckpoint back = read.quantized().orElseThrow();
      assertThat(back.linears()).isEqualTo(written.quantized().linears());
      assertThat(back.activations()).isEqualTo(written.quantized().activations());
      assertThat(back.provenance()).isEqualTo(written.quantized().provenance());
      Checkpoint floats = read.checkpoint();
      assertThat(floats.names()).isNotEmpty();
      for (String name : floats.names()) {
        assertThat(floats.get(name).data().mismatch(written.floatParts().get(name).data()))
            .as(name)
            .isEqualTo(-1);
      }
    }
  }
}
