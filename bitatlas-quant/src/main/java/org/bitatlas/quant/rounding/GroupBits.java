package org.bitatlas.quant.rounding;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Bits of the groups of a layer in SliM-LLM (Huang et al. 2024, section 3.2): the least salient get
 * b - 1, as many of the most salient b + 1, the others b, so that the average stays b.
 */
final class GroupBits {

  /** Fewest groups among which bits can be exchanged. */
  static final int FEWEST_GROUPS = 4;

  private GroupBits() {}

  /** The largest group size of at most {@code asked} that leaves four groups, at least 1. */
  static int admissibleSize(int columns, int asked) {
    int size = Math.min(asked, columns);
    return Math.ceilDiv(columns, size) >= FEWEST_GROUPS
        ? size
        : Math.max(1, columns / FEWEST_GROUPS);
  }

  /**
   * Sum of W^2 / U[k][k]^2 over each group.
   *
   * @param weight W [N x K]
   * @param columns K
   * @return [ceil(K / groupSize)]
   */
  static double[] salience(float[] weight, int columns, int groupSize, InverseFactor factor) {
    double[] ofColumns = new double[columns];
    for (int at = 0; at < weight.length; at += columns) {
      for (int k = 0; k < columns; k++) {
        ofColumns[k] += (double) weight[at + k] * weight[at + k];
      }
    }
    double[] salience = new double[Math.ceilDiv(columns, groupSize)];
    for (int k = 0; k < columns; k++) {
      double diagonal = factor.upper()[k * columns + k];
      salience[k / groupSize] += ofColumns[k] / (diagonal * diagonal);
    }
    return salience;
  }

  /** Groups by ascending salience; equal ones keep their order. */
  static int[] ascending(double[] salience) {
    return IntStream.range(0, salience.length)
        .boxed()
        .sorted(Comparator.comparing((Integer group) -> salience[group]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /**
   * Bits of each group.
   *
   * @param ascending groups by ascending salience
   * @param fewer how many of the least salient get b - 1
   * @param more how many of the most salient get b + 1
   */
  static int[] of(int[] ascending, int bits, int fewer, int more) {
    int[] perGroup = new int[ascending.length];
    Arrays.fill(perGroup, bits);
    for (int i = 0; i < fewer; i++) {
      perGroup[ascending[i]] = bits - 1;
    }
    for (int i = 0; i < more; i++) {
      perGroup[ascending[ascending.length - 1 - i]] = bits + 1;
    }
    return perGroup;
  }

  /** The most groups that may lose a bit: fewer than half of them. */
  static int mostExchanged(int groups) {
    return Math.max(0, groups / 2 - 1);
  }
}
