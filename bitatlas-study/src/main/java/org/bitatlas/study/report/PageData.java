package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapAverage;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/** What the page's script works on: points of the chart, and where each cell's samples are. */
final class PageData {
  private final AccuracyMap map;
  private final SamplePack samples;
  private final List<String> models;

  PageData(AccuracyMap map, SamplePack samples) {
    this.map = map;
    this.samples = samples;
    this.models = map.rows().stream().map(MapRow::model).distinct().toList();
  }

  Map<String, Object> values() {
    List<Object> rows = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      rows.add(row(i));
    }
    List<Object> columns = new ArrayList<>();
    for (int j = 0; j < map.columns().size(); j++) {
      // In an order of its own: a page that is drawn again must have the same bytes.
      Map<String, Object> column = new LinkedHashMap<>();
      column.put("label", map.columns().get(j).label());
      column.put("metric", map.cells().getFirst().get(j).planned().metric());
      columns.add(column);
    }
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("rows", rows);
    values.put("columns", columns);
    values.put("models", models);
    return values;
  }

  private Map<String, Object> row(int index) {
    MapRow row = map.rows().get(index);
    MapAverage average = map.averages().get(index);
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("label", row.recipe());
    node.put("method", row.method());
    node.put("bits", row.bits());
    node.put("model", models.indexOf(row.model()));
    node.put("float", floatRow(row.model()));
    row.size()
        .ifPresent(size -> {
          node.put("bytes", size.wholeModelBytes());
          node.put("linearBytes", size.linearBytes());
        });
    point(node, average.mean(), average.low(), average.high());
    node.put("leftOut", average.leftOut());
    node.put("cellsInMean", average.cells());
    node.put("front", average.onFront());
    List<Object> cells = new ArrayList<>();
    for (int column = 0; column < map.columns().size(); column++) {
      cells.add(cell(models.indexOf(row.model()), column, map.cells().get(index).get(column)));
    }
    node.put("cells", cells);
    return node;
  }

  private Map<String, Object> cell(int model, int column, MapCell cell) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("state", cell.state());
    if (cell.planned().metric() == Metric.ACCURACY) {
      point(node, cell.value(), cell.low(), cell.high());
    } else {
      point(node, cell.value(), Double.NaN, Double.NaN);
    }
    String pack = SamplePack.id(model, column);
    if (!cell.samples().isEmpty() && samples.packs().containsKey(pack)) {
      node.put("pack", pack);
    }
    return node;
  }

  private int floatRow(String model) {
    for (int i = 0; i < map.rows().size(); i++) {
      if (map.rows().get(i).model().equals(model)) {
        return i;
      }
    }
    return 0;
  }

  private static void point(
      Map<String, Object> node, OptionalDouble value, double low, double high) {
    value.ifPresent(known -> node.put("value", known));
    if (value.isPresent() && Double.isFinite(low) && Double.isFinite(high)) {
      node.put("low", low);
      node.put("high", high);
    }
  }
}
