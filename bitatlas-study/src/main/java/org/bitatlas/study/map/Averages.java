package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.Metric;
import org.bitatlas.study.StudyRecipe;

/** Mean accuracy of every row and the Pareto front of accuracy against memory. */
final class Averages {
  private Averages() {}

  static List<MapAverage> of(List<MapRow> rows, List<List<MapCell>> cells) {
    List<MapAverage> averages = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      averages.add(average(cells.get(i), baseline(rows, cells, rows.get(i).model())));
    }
    List<MapAverage> placed = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      MapAverage average = averages.get(i);
      placed.add(
          new MapAverage(
              average.mean(),
              average.low(),
              average.high(),
              average.cells(),
              average.leftOut(),
              onFront(i, rows, averages)));
    }
    return List.copyOf(placed);
  }

  private static List<MapCell> baseline(
      List<MapRow> rows, List<List<MapCell>> cells, String model) {
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).model().equals(model)) {
        return cells.get(i);
      }
    }
    return List.of();
  }

  /**
   * The interval of the mean is put together from the Wilson intervals of the tasks, which are
   * independent (MOVER, Zou and Donner 2008).
   */
  private static MapAverage average(List<MapCell> cells, List<MapCell> baseline) {
    double sum = 0;
    double below = 0;
    double above = 0;
    int count = 0;
    int leftOut = 0;
    for (int i = 0; i < cells.size(); i++) {
      MapCell cell = cells.get(i);
      if (cell.planned().metric() != Metric.ACCURACY
          || cell.planned().method().equals(StudyRecipe.IMPORTED_METHOD)
          || cell.flags().contains(Flag.FLOAT_UNINFORMATIVE)) {
        continue;
      }
      if (cell.value().isPresent()) {
        double value = cell.value().getAsDouble();
        sum += value;
        below += (value - cell.low()) * (value - cell.low());
        above += (cell.high() - value) * (cell.high() - value);
        count++;
      } else if (baseline.get(i).value().isPresent()) {
        leftOut++;
      }
    }
    if (count == 0) {
      return new MapAverage(OptionalDouble.empty(), Double.NaN, Double.NaN, 0, leftOut, false);
    }
    double mean = sum / count;
    return new MapAverage(
        OptionalDouble.of(mean),
        mean - Math.sqrt(below) / count,
        mean + Math.sqrt(above) / count,
        count,
        leftOut,
        false);
  }

  private static boolean onFront(int index, List<MapRow> rows, List<MapAverage> averages) {
    Optional<ModelSize> size = rows.get(index).size();
    MapAverage average = averages.get(index);
    if (size.isEmpty() || average.mean().isEmpty() || average.leftOut() > 0) {
      return false;
    }
    for (int i = 0; i < rows.size(); i++) {
      MapAverage other = averages.get(i);
      boolean rival =
          i != index
              && rows.get(i).model().equals(rows.get(index).model())
              && other.mean().isPresent()
              && other.leftOut() == 0
              && rows.get(i).size().isPresent();
      if (rival) {
        long bytes = rows.get(i).size().get().wholeModelBytes() - size.get().wholeModelBytes();
        double gain = other.mean().getAsDouble() - average.mean().getAsDouble();
        if ((bytes <= 0 && gain > 0) || (bytes < 0 && gain >= 0)) {
          return false;
        }
      }
    }
    return true;
  }
}
