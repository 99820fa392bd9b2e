package org.bitatlas.kernel;

import java.util.Arrays;
import org.bitatlas.scheme.GridLinear;

/**
 * Columns that share a scale, in the order in which they are packed: group g holds the packed
 * columns start(g) to start(g + 1). Where groups are not contiguous in the checkpoint (act order,
 * salient columns), the columns are sorted by group and activations follow the same order.
 */
final class ColumnGroups {

  private final int[] starts;
  private final int[] order;

  private ColumnGroups(int[] starts, int[] order) {
    this.starts = starts;
    this.order = order;
  }

  /** The groups of a layer on an integer grid. */
  static ColumnGroups of(GridLinear linear) {
    return linear.groupIndex().isPresent()
        ? indexed(linear.groupIndex().get(), linear.groups())
        : contiguous(linear.inputFeatures(), linear.groupSize());
  }

  /** Groups of {@code groupSize} columns; the last may be narrower. */
  static ColumnGroups contiguous(int columns, int groupSize) {
    int[] starts = new int[Math.ceilDiv(columns, groupSize) + 1];
    for (int group = 0; group < starts.length; group++) {
      starts[group] = (int) Math.min(columns, (long) group * groupSize);
    }
    return new ColumnGroups(starts, new int[0]);
  }

  /**
   * Groups given per column; columns of a group keep their order.
   *
   * @param index [K] group of each column, 0 .. groups - 1
   */
  static ColumnGroups indexed(int[] index, int groups) {
    int[] starts = new int[groups + 1];
    for (int group : index) {
      starts[group + 1]++;
    }
    for (int group = 0; group < groups; group++) {
      starts[group + 1] += starts[group];
    }
    int[] next = starts.clone();
    int[] order = new int[index.length];
    boolean moved = false;
    for (int column = 0; column < index.length; column++) {
      int position = next[index[column]]++;
      order[position] = column;
      moved |= position != column;
    }
    return new ColumnGroups(starts, moved ? order : new int[0]);
  }

  /** All columns in their packed order as one group. */
  ColumnGroups joined() {
    return new ColumnGroups(new int[] {0, columns()}, order);
  }

  /** Number of groups G. */
  int count() {
    return starts.length - 1;
  }

  /** Number of columns K. */
  int columns() {
    return starts[starts.length - 1];
  }

  /** First packed column of a group; of group G the number of columns. */
  int start(int group) {
    return starts[group];
  }

  /** Columns of a group. */
  int width(int group) {
    return starts[group + 1] - starts[group];
  }

  /** Columns of the widest group. */
  int widest() {
    int widest = 0;
    for (int group = 0; group < count(); group++) {
      widest = Math.max(widest, width(group));
    }
    return widest;
  }

  /** Whether both put the same columns in the same places. */
  boolean sameAs(ColumnGroups other) {
    return this == other
        || (Arrays.equals(starts, other.starts) && Arrays.equals(order, other.order));
  }

  /** Whether packed columns are in another order than the checkpoint's. */
  boolean reordered() {
    return order.length > 0;
  }

  /** The checkpoint's column at a packed position. */
  int column(int position) {
    return order.length == 0 ? position : order[position];
  }
}
