package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitatlas.scheme.BinaryLinear;

/**
 * A binarized weight for float activations. Each block of columns becomes two groups, first its
 * columns that are not salient, then its salient ones; within a group a weight is one of four
 * values of its row, named by two stored bits (selector, sign). The four values are those that
 * {@link BinaryLinear#dequantizeRow} gives; they are looked up a few columns at a time.
 */
public final class BinaryRows implements WeightOnlyRows {

  /** Values a weight of a row and group can have. */
  static final int VALUES = 4;

  private final int outputFeatures;
  private final CodeSlabs codes;
  private final PanelFloats values;

  private BinaryRows(int outputFeatures, CodeSlabs codes, PanelFloats values) {
    this.outputFeatures = outputFeatures;
    this.codes = codes;
    this.values = values;
  }

  /**
   * Packs a layer.
   *
   * @param arena owns the packed memory; shared where several threads compute
   */
  public static BinaryRows of(BinaryLinear linear, Arena arena) {
    int rows = linear.outputFeatures();
    int[] index = new int[linear.inputFeatures()];
    for (int k = 0; k < index.length; k++) {
      index[k] = k / linear.blockSize() * 2 + (linear.salient(k) ? 1 : 0);
    }
    ColumnGroups groups = ColumnGroups.indexed(index, 2 * linear.blocks());
    int[] widths = new int[groups.count()];
    Arrays.fill(widths, 2);
    CodeSlabs codes =
        new CodeSlabs(rows, groups, widths, arena)
            .fill(
                rows,
                (row, target) -> {
                  for (int k = 0; k < target.length; k++) {
                    target[k] = (byte) linear.valueIndex(row, k);
                  }
                });
    PanelFloats values = new PanelFloats(rows, groups.count() * VALUES, arena);
    for (int row = 0; row < rows; row++) {
      for (int cell = 0; cell < groups.count() * VALUES; cell++) {
        int group = cell / VALUES;
        values.put(row, cell, linear.value(row, group / 2, group % 2 == 1, cell % VALUES));
      }
    }
    return new BinaryRows(rows, codes, values);
  }

  @Override
  public int outputFeatures() {
    return outputFeatures;
  }

  @Override
  public int inputFeatures() {
    return codes.groups().columns();
  }

  @Override
  public long bytes() {
    return codes.bytes() + values.bytes();
  }

  @Override
  public int panelsPerTile() {
    return Panels.perTile(codes.panelBytes());
  }

  @Override
  public String layout() {
    return "binary, " + groups().count() / 2 + " blocks";
  }

  @Override
  public MemorySegment memory() {
    return codes.memory();
  }

  @Override
  public ColumnGroups groups() {
    return codes.groups();
  }

  @Override
  public float stored(int panel, int group, int column, int row) {
    return values.get(
        panel, group * VALUES + (codes.code(panel, group, column, row) & (VALUES - 1)), row);
  }

  CodeSlabs codes() {
    return codes;
  }

  /** [panels x (G * 4) x 32], the value of stored bits v of group g at 4 g + v. */
  PanelFloats values() {
    return values;
  }
}
