package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;

/**
 * Integer weights of 1 to 8 bits for float activations: w[n][k] = factor[n][g] * code[n][k] +
 * offset[n][g] with signed codes, and y[n] = sum over g of factor * f + offset * s, f the dot
 * product of activations and codes and s the sum of the activations of the group. The weights are
 * never written out: a few columns of 32 rows at a time are widened in registers or in a small
 * buffer.
 *
 * <p>Codes of 5 to 8 bits are stored in 8; a slab of 3-bit codes has one bit in 16 to spare.
 */
public final class AffineRows implements WeightOnlyRows {

  private final int outputFeatures;
  private final CodeSlabs codes;
  private final PanelFloats factors;
  private final Optional<PanelFloats> offsets;

  private AffineRows(
      int outputFeatures, CodeSlabs codes, PanelFloats factors, Optional<PanelFloats> offsets) {
    this.outputFeatures = outputFeatures;
    this.codes = codes;
    this.factors = factors;
    this.offsets = offsets;
  }

  /**
   * Packs a layer on an integer grid.
   *
   * @param arena owns the packed memory; shared where several threads compute
   */
  public static AffineRows of(GridLinear linear, Arena arena) {
    ColumnGroups groups = ColumnGroups.of(linear);
    int rows = linear.outputFeatures();
    int[] widths = new int[groups.count()];
    Arrays.fill(widths, width(linear.bits()));
    CodeSlabs codes =
        new CodeSlabs(rows, groups, widths, arena).fill(rows, IntegerRows.centered(linear));
    int middle = 1 << (linear.bits() - 1);
    float[] offsets = new float[linear.scales().length];
    for (int cell = 0; cell < offsets.length; cell++) {
      offsets[cell] = linear.scales()[cell] * (middle - (linear.zeroPoints()[cell] & 0xFF));
    }
    return of(rows, codes, linear.scales(), offsets, arena);
  }

  /** Packs a layer whose groups have their own bits. */
  public static AffineRows of(MixedGroupLinear linear, Arena arena) {
    ColumnGroups groups = ColumnGroups.contiguous(linear.inputFeatures(), linear.groupSize());
    int rows = linear.outputFeatures();
    int[] widths = new int[groups.count()];
    int[] middles = new int[groups.count()];
    for (int group = 0; group < widths.length; group++) {
      widths[group] = width(linear.bitsPerGroup()[group]);
      middles[group] = 1 << (linear.bitsPerGroup()[group] - 1);
    }
    CodeSlabs codes =
        new CodeSlabs(rows, groups, widths, arena)
            .fill(
                rows,
                (row, target) -> {
                  linear.unpackRow(row, target);
                  for (int k = 0; k < target.length; k++) {
                    target[k] -= (byte) middles[k / linear.groupSize()];
                  }
                });
    float[] factors = linear.scales().clone();
    float[] offsets = new float[factors.length];
    for (int cell = 0; cell < offsets.length; cell++) {
      int group = cell % groups.count();
      float stored = linear.offsets()[cell];
      if (linear.bitsPerGroup()[group] == 1) {
        // (2 code - 1) s + mean with code = signed code + 1.
        offsets[cell] = factors[cell] + stored;
        factors[cell] *= 2;
      } else {
        offsets[cell] = factors[cell] * (middles[group] - stored);
      }
    }
    return of(rows, codes, factors, offsets, arena);
  }

  private static int width(int bits) {
    return bits <= 4 ? bits : 8;
  }

  private static AffineRows of(
      int rows, CodeSlabs codes, float[] factors, float[] offsets, Arena arena) {
    int groups = codes.groups().count();
    PanelFloats packedFactors = new PanelFloats(rows, groups, arena).fill(factors);
    boolean centered = true;
    for (float offset : offsets) {
      centered &= offset == 0;
    }
    return new AffineRows(
        rows,
        codes,
        packedFactors,
        centered
            ? Optional.empty()
            : Optional.of(new PanelFloats(rows, groups, arena).fill(offsets)));
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
    return codes.bytes() + factors.bytes() + offsets.map(PanelFloats::bytes).orElse(0L);
  }

  @Override
  public int panelsPerTile() {
    return Panels.perTile(codes.panelBytes());
  }

  @Override
  public String layout() {
    return "s%s, %d groups%s"
        .formatted(codes.widthText(), groups().count(), offsets.isPresent() ? ", offsets" : "");
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
    return codes.code(panel, group, column, row);
  }

  CodeSlabs codes() {
    return codes;
  }

  PanelFloats factors() {
    return factors;
  }

  Optional<PanelFloats> offsets() {
    return offsets;
  }
}
