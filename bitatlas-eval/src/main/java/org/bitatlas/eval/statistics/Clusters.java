package org.bitatlas.eval.statistics;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Items that belong together: questions on one passage, the repetitions of one item. They are drawn
 * and counted together, because they are not independent.
 *
 * @param count number of clusters, at least 1
 * @param ofItem cluster of each item, from 0
 */
public record Clusters(int count, int[] ofItem) {

  /** Clusters by name, in the order of their first items. */
  public static Clusters of(List<?> names) {
    Map<Object, Integer> numbers = new HashMap<>();
    int[] ofItem = new int[names.size()];
    for (int item = 0; item < ofItem.length; item++) {
      int next = numbers.size();
      ofItem[item] = numbers.computeIfAbsent(names.get(item), _ -> next);
    }
    if (ofItem.length == 0) {
      throw new IllegalArgumentException("no items");
    }
    return new Clusters(numbers.size(), ofItem);
  }

  /** Number of items. */
  public int items() {
    return ofItem.length;
  }

  /** Whether every item stands alone. */
  public boolean alone() {
    return count == ofItem.length;
  }

  /** Sums of values by cluster. */
  double[] sums(double[] values) {
    if (values.length != ofItem.length) {
      throw new IllegalArgumentException(values.length + " values of " + ofItem.length + " items");
    }
    double[] sums = new double[count];
    for (int item = 0; item < values.length; item++) {
      sums[ofItem[item]] += values[item];
    }
    return sums;
  }

  /** Items by cluster. */
  double[] sizes() {
    double[] sizes = new double[count];
    for (int cluster : ofItem) {
      sizes[cluster]++;
    }
    return sizes;
  }
}
