package org.bitatlas.study.report;

import java.nio.file.Path;
import org.bitatlas.study.map.AccuracyMap;

/** Writes a map as Markdown, JSON and one self-contained HTML page. */
public final class Report {

  private Report() {}

  /** The files of a report. */
  public record Files(Path markdown, Path json, Path html) {}

  /** Writes {@code map.md}, {@code map.json} and {@code map.html} into a folder. */
  public static Files write(AccuracyMap map, Path out) {
    throw new UnsupportedOperationException(map.spec().name() + out);
  }
}
