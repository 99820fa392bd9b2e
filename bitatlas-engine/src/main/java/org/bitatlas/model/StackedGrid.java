package org.bitatlas.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.scheme.GridLinear;

/** Linears of one input on the same kind of grid as one linear, their rows one under the other. */
final class StackedGrid {

  private StackedGrid() {}

  /** Whether two linears have the same columns, bits and groups. */
  static boolean fits(GridLinear first, GridLinear second) {
    return first.inputFeatures() == second.inputFeatures()
        && first.bits() == second.bits()
        && first.groupSize() == second.groupSize()
        && first.hasSecondScales() == second.hasSecondScales()
        && Arrays.equals(index(first), index(second));
  }

  private static int[] index(GridLinear linear) {
    Optional<int[]> index = linear.groupIndex();
    return index.isPresent() ? index.get() : new int[0];
  }

  /** The linears as one. */
  static GridLinear of(List<GridLinear> linears) {
    GridLinear first = linears.getFirst();
    int rows = linears.stream().mapToInt(GridLinear::outputFeatures).sum();
    byte[] codes = new byte[rows * GridLinear.rowBytes(first.inputFeatures(), first.bits())];
    float[] scales = new float[rows * first.groups()];
    byte[] zeroPoints = new byte[scales.length];
    float[] channels = new float[first.hasSecondScales() ? rows : 0];
    int code = 0;
    int row = 0;
    int cell = 0;
    for (GridLinear linear : linears) {
      System.arraycopy(linear.codes(), 0, codes, code, linear.codes().length);
      System.arraycopy(linear.scales(), 0, scales, cell, linear.scales().length);
      System.arraycopy(linear.zeroPoints(), 0, zeroPoints, cell, linear.zeroPoints().length);
      if (linear.channelScales().isPresent()) {
        System.arraycopy(linear.channelScales().get(), 0, channels, row, linear.outputFeatures());
      }
      row += linear.outputFeatures();
      code += linear.codes().length;
      cell += linear.scales().length;
    }
    return new GridLinear(
        rows,
        first.inputFeatures(),
        first.bits(),
        first.groupSize(),
        linears.stream().allMatch(GridLinear::symmetric),
        codes,
        scales,
        zeroPoints,
        first.groupIndex(),
        first.hasSecondScales() ? Optional.of(channels) : Optional.empty());
  }
}
