package org.bitatlas.eval.statistics;

/**
 * Two models on the same items, counted by who is right.
 *
 * @param both both right
 * @param lost only the first right (b)
 * @param gained only the second right (c)
 * @param neither none right
 */
public record PairedCounts(int both, int lost, int gained, int neither) {

  /** Checks that there is at least one item. */
  public PairedCounts {
    if (both < 0 || lost < 0 || gained < 0 || neither < 0 || both + lost + gained + neither == 0) {
      throw new IllegalArgumentException(
          "paired counts " + both + ", " + lost + ", " + gained + ", " + neither);
    }
  }

  /** Counts two lists of verdicts of equal length. */
  public static PairedCounts of(boolean[] first, boolean[] second) {
    if (first.length != second.length) {
      throw new IllegalArgumentException(first.length + " and " + second.length + " items");
    }
    int[] cells = new int[4];
    for (int i = 0; i < first.length; i++) {
      cells[(first[i] ? 0 : 2) + (second[i] ? 0 : 1)]++;
    }
    return new PairedCounts(cells[0], cells[1], cells[2], cells[3]);
  }

  /** Number of items. */
  public int items() {
    return both + lost + gained + neither;
  }

  /** Accuracy of the second model less that of the first. */
  public double difference() {
    return (double) (gained - lost) / items();
  }

  /** Share of items on which the models differ; equal accuracies can hide many flips. */
  public double flips() {
    return (double) (gained + lost) / items();
  }
}
