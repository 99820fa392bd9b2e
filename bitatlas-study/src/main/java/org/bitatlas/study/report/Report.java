package org.bitatlas.study.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.tensor.BitAtlasException;

/** Writes a map as Markdown, JSON and one self-contained HTML page. */
public final class Report {

  private Report() {}

  /** The files of a report. */
  public record Written(Path markdown, Path json, Path html) {}

  /**
   * Writes {@code map.md}, {@code map.json} and {@code map.html} into a folder; created when
   * absent, files of the same name replaced.
   *
   * @throws BitAtlasException when the folder cannot be written
   */
  public static Written write(AccuracyMap map, Path out) {
    Written written =
        new Written(out.resolve("map.md"), out.resolve("map.json"), out.resolve("map.html"));
    Conclusions conclusions = Conclusions.of(map);
    replace(written.markdown(), MarkdownReport.of(map, conclusions));
    replace(written.json(), JsonReport.of(map, conclusions));
    replace(written.html(), HtmlReport.of(map, conclusions));
    return written;
  }

  private static void replace(Path file, String text) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      Files.createDirectories(folder);
      Path temporary =
          file.resolveSibling("." + file.getFileName() + "." + ProcessHandle.current().pid());
      try {
        Files.write(temporary, text.getBytes(StandardCharsets.UTF_8));
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new BitAtlasException(
          "The report " + file + " cannot be written: " + e + "; choose another --out.", e);
    }
  }
}
