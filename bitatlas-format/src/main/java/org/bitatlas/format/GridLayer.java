package org.bitatlas.format;

import java.util.function.Supplier;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearEntry;

/**
 * A layer on an integer grid as a writer plans with it: what the plan depends on is known, scales
 * and codes are read when a tensor of them is written, and not kept.
 *
 * @param module name of the layer
 * @param entry sizes, width and groups
 * @param centred whether all zero points lie in the middle of the grid
 * @param holdsZero whether a zero point is 0
 * @param cells reads scales, zero points and groups
 * @param content reads all
 */
public record GridLayer(
    String module,
    LinearEntry.Grid entry,
    boolean centred,
    boolean holdsZero,
    Supplier<GridCells> cells,
    Supplier<GridLinear> content) {

  /** A layer in memory. */
  public static GridLayer of(String module, GridLinear grid) {
    return of(module, grid::cells, () -> grid);
  }

  /** A layer that is read; its cells are read once to know what it is. */
  static GridLayer of(String module, Supplier<GridCells> cells, Supplier<GridLinear> content) {
    GridCells read = cells.get();
    boolean holdsZero = false;
    for (byte zero : read.zeroPoints()) {
      holdsZero |= zero == 0;
    }
    return new GridLayer(
        module,
        LinearEntry.of(read),
        ZeroPoints.centred(read.zeroPoints(), read.bits()),
        holdsZero,
        cells,
        content);
  }

  /** Output features N. */
  public int outputFeatures() {
    return entry.outputFeatures();
  }

  /** Input features K. */
  public int inputFeatures() {
    return entry.inputFeatures();
  }

  /** Bits of a code. */
  public int bits() {
    return entry.bits();
  }

  /** Columns that share a scale. */
  public int groupSize() {
    return entry.groupSize();
  }

  /** Number of groups G of a row. */
  public int groups() {
    return Math.ceilDiv(inputFeatures(), groupSize());
  }

  /** Whether groups are scattered over the columns. */
  public boolean scattered() {
    return entry.groupIndex();
  }
}
