package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.eval.statistics.HolmAdjustment;

/** Comparisons that are read together, so that "worse" holds for all of them at one level. */
final class Family {
  private Family() {}

  /** The comparisons after Holm over those that were made. */
  static List<List<Comparison>> adjusted(List<List<Comparison>> comparisons) {
    double[] values =
        comparisons.stream()
            .flatMap(List::stream)
            .filter(Comparison::made)
            .mapToDouble(comparison -> comparison.significance().worse())
            .toArray();
    double[] adjusted = HolmAdjustment.of(values);
    List<List<Comparison>> all = new ArrayList<>();
    int next = 0;
    for (List<Comparison> row : comparisons) {
      List<Comparison> changed = new ArrayList<>();
      for (Comparison comparison : row) {
        changed.add(comparison.made() ? comparison.among(adjusted[next++]) : comparison);
      }
      all.add(List.copyOf(changed));
    }
    return List.copyOf(all);
  }
}
