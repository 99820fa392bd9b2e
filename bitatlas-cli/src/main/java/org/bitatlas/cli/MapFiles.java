package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.diagnosis.AdaptiveGains;
import org.bitatlas.study.diagnosis.CalibrationDifference;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.report.Report;

/** Draws the map of a record store: files in its folder, a table in the terminal. */
final class MapFiles {

  static void writeAndShow(Path folder, StudySpec study, PrintWriter out) {
    try (RunStore store = RunStore.open(folder)) {
      AccuracyMap map = AccuracyMap.of(store, study);
      var written = Report.write(map, folder);
      out.println();
      MapTable.lines(map).forEach(out::println);
      out.println();
      FindingLines.of(map).forEach(out::println);
      AdaptiveGains.of(store).forEach(gain -> out.println(gain.line()));
      CalibrationDifference.of(store).forEach(difference -> out.println(difference.line()));
      out.println();
      out.println("Page:     " + written.html());
      out.println("Markdown: " + written.markdown());
      out.println("JSON:     " + written.json());
      out.flush();
    }
  }

  private MapFiles() {}
}
