package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.CollapseMeasures;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/** How the replies of each row break down, against float's replies to the same items. */
final class CollapseView {
  private CollapseView() {}

  /** One line per row and task with replies. */
  static List<SequencedMap<String, String>> of(AccuracyMap map) {
    List<SequencedMap<String, String>> lines = new ArrayList<>();
    boolean several = map.rows().stream().map(MapRow::model).distinct().count() > 1;
    for (int i = 0; i < map.rows().size(); i++) {
      MapRow row = map.rows().get(i);
      String name = several ? row.model() + " " + row.recipe() : row.recipe();
      for (MapCell cell : map.cells().get(i)) {
        cell.collapse().ifPresent(measures -> lines.add(line(name, cell, measures, row.isFloat())));
      }
    }
    return lines;
  }

  private static SequencedMap<String, String> line(
      String name, MapCell cell, CollapseMeasures measures, boolean isFloat) {
    SequencedMap<String, String> line = new LinkedHashMap<>();
    line.put("name", name);
    line.put("task", cell.planned().column().label());
    line.put("items", Integer.toString(measures.items()));
    line.put("rate", Figures.percent(measures.rate().share()));
    line.put(
        "interval",
        "["
            + Figures.percent(measures.rate().low())
            + ", "
            + Figures.percent(measures.rate().high())
            + "]");
    line.put("p", isFloat ? "–" : Figures.pValue(measures.pValue()));
    line.put(
        "onset", Double.isNaN(measures.onset()) ? "–" : Figures.format("%.0f", measures.onset()));
    line.put("length", isFloat ? "–" : ratio(measures.lengthMedian()));
    line.put("long", isFloat ? "–" : ratio(measures.lengthP95()));
    line.put("right", isFloat ? "–" : ratio(measures.lengthRight()));
    line.put("lost", Figures.percent(measures.lost()));
    line.put("lostP", isFloat ? "–" : Figures.pValue(measures.lostPValue()));
    return line;
  }

  private static String ratio(double value) {
    return Double.isNaN(value) ? "–" : Figures.format("%.2f", value);
  }
}
