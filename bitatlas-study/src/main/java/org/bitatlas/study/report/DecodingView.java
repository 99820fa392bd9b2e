package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.DecodingReading;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/** Rows on tasks that were decoded in several ways: the model damaged, or its decoder unlucky. */
final class DecodingView {
  private DecodingView() {}

  /** One line per reading: {@code name}, {@code task}, {@code conclusion} and {@code decodings}. */
  static List<Map<String, String>> of(AccuracyMap map) {
    boolean several = map.rows().stream().map(MapRow::model).distinct().count() > 1;
    List<Map<String, String>> lines = new ArrayList<>();
    for (DecodingReading reading : map.readings()) {
      MapRow row = map.rows().get(reading.row());
      Map<String, String> line = new LinkedHashMap<>();
      line.put("name", several ? row.model() + " " + row.recipe() : row.recipe());
      line.put("task", reading.task().label());
      line.put("conclusion", words(reading.conclusion()));
      List<String> decodings = new ArrayList<>();
      for (int column : reading.columns()) {
        String decoding = map.columns().get(column).decoding();
        MapCell cell = map.cells().get(reading.row()).get(column);
        decodings.add(
            (decoding.isEmpty() ? "greedy" : decoding)
                + ": "
                + (cell.comparison().made()
                    ? Figures.delta(cell.planned().metric(), cell.comparison().delta())
                        + " "
                        + Figures.words(cell.comparison().verdict())
                    : cell.record().isEmpty() ? "not run" : cell.state().toString()));
      }
      line.put("decodings", String.join("; ", decodings));
      lines.add(line);
    }
    return lines;
  }

  private static String words(DecodingReading.Conclusion conclusion) {
    return switch (conclusion) {
      case DAMAGED -> "damaged under every decoding";
      case DECODER -> "the decoder, not the model";
      case UNDAMAGED -> "undamaged under every decoding";
      case OPEN -> "not decided";
    };
  }
}
