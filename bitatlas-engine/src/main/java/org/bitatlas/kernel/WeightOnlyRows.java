package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.scheme.StoredLinear;

/**
 * Weights for float activations. For every row and group the dot product f of activations and
 * stored values is taken in four chains of fused multiply-adds, the packed column p of a group in
 * chain p mod 4, and f = (c0 + c1) + (c2 + c3); groups are added in order. All in fp32.
 */
public sealed interface WeightOnlyRows extends DecodeRows
    permits AffineRows, BinaryRows, FloatRows {

  /**
   * Packs a layer; a float one in fp32.
   *
   * @param arena owns the packed memory; shared where several threads compute
   */
  static WeightOnlyRows of(StoredLinear linear, Arena arena) {
    return switch (linear) {
      case GridLinear grid -> AffineRows.of(grid, arena);
      case MixedGroupLinear mixed -> AffineRows.of(mixed, arena);
      case BinaryLinear binary -> BinaryRows.of(binary, arena);
      case FloatLinear floats -> FloatRows.of(floats, arena);
    };
  }

  /** Columns that share a scale. */
  ColumnGroups groups();

  /**
   * What dot products are taken with.
   *
   * @param column packed column, counted from the group's first
   * @param row of the panel
   */
  float stored(int panel, int group, int column, int row);
}
