package org.bitatlas.study.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.study.bench.BenchResult;
import org.bitatlas.tensor.BitAtlasException;

/** Writes a bench as JSON and as one self-contained HTML page. */
public final class SpeedReport {

  private SpeedReport() {}

  /**
   * Writes a JSON file; replaced when present.
   *
   * @throws BitAtlasException when it cannot be written
   */
  public static void writeJson(BenchResult result, Path file) {
    write(SpeedJson.of(result), file);
  }

  /**
   * Writes a page with tables and charts; replaced when present.
   *
   * @throws BitAtlasException when it cannot be written
   */
  public static void writePage(BenchResult result, Path file) {
    write(SpeedPage.of(result), file);
  }

  private static void write(String text, Path file) {
    AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
