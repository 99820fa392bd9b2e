package org.bitatlas.quant.rounding;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.scheme.GridLinear;

/**
 * Rounds a weight W [N x K] column by column and spreads the error of each column over the columns
 * not yet rounded: GPTQ (Frantar et al. 2023, algorithm 1, as IST-DASLab/gptq does it). Without a
 * factor, or with U = I, it is round to nearest.
 *
 * <p>With a correction it is GPTAQ (Li et al. 2025, algorithm 1): one extra term, in which the
 * weight of each column also pushes P onto the columns after it. The output to be met is that of
 * the original weights on the float inputs, so what pushes is the original weight, and all of W P
 * can be added beforehand; with the reference's quirk what pushes is the updated weight inside a
 * block and the rounded one beyond it.
 *
 * <p>Rows do not depend on each other; tiles of a fixed number of rows run in parallel. All
 * arithmetic is fp32. Inside a block of columns the updates are immediate, beyond it they are
 * gathered per block. The grid of a group is fitted when its first column is reached, on the
 * updated weights; with the reference's quirk on the weights as the blocks before left them,
 * without the updates inside the current block.
 */
public final class ColumnSweep {

  /** Raised when the same weight, recipe and factor give other codes. */
  public static final int BEHAVIOUR_VERSION = 5;

  private static final int ROW_TILE = 64;

  private final float[] weight;
  private final int rows;
  private final int columns;
  private final GridFitter fitter;
  private final SweepLayout layout;
  private final int groups;
  private final int blockSize;
  private final boolean repeatsQuirks;
  private final boolean fitsDeadColumns;
  private final boolean sweepsCorrection;
  private final Optional<InverseFactor> factor;
  private final Optional<DriftCorrection> correction;
  private final float[] pushed;
  private final byte[] codes;
  private final float[] scales;
  private final byte[] zeroPoints;
  private final Optional<SecondScales> secondScales;

  private ColumnSweep(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      Optional<InverseFactor> factor,
      Optional<DriftCorrection> correction,
      Tiles tiles) {
    if (factor.isPresent() && factor.get().size() != columns) {
      throw new IllegalArgumentException(
          "a factor of " + factor.get().size() + " columns for a weight of " + columns);
    }
    if (correction.isPresent() && correction.get().upper().length != columns * columns) {
      throw new IllegalArgumentException("a correction of another size than " + columns);
    }
    this.weight = weight;
    this.rows = rows;
    this.columns = columns;
    this.fitter = GridFitter.of(recipe.weights());
    this.layout = SweepLayout.of(recipe, columns, factor);
    this.groups = layout.groups();
    this.blockSize = layout.blockSize();
    this.factor = factor;
    this.correction = correction;
    this.sweepsCorrection = recipe.quirks() && correction.isPresent();
    this.repeatsQuirks = recipe.quirks();
    this.fitsDeadColumns = repeatsQuirks && recipe.groupSize() == 0;
    this.pushed =
        correction.isPresent() && !sweepsCorrection
            ? correction.get().pushed(weight, rows, layout.order(), tiles)
            : new float[0];
    this.codes = new byte[Math.multiplyExact(rows, columns)];
    this.scales = new float[rows * groups];
    this.zeroPoints = new byte[rows * groups];
    this.secondScales =
        recipe.weights().secondScales()
            ? Optional.of(new SecondScales(rows, fitter))
            : Optional.empty();
  }

  /**
   * A rounded layer.
   *
   * @param linear codes, scales and zero points in the original column order
   * @param loss sum of (w - q)^2 / (2 U[k][k]^2) over all weights, w as it was when rounded
   */
  public record Rounded(GridLinear linear, double loss) {}

  /**
   * Rounds {@code weight}.
   *
   * @param weight W [N x K], row-major, finite; not changed
   * @param rows N
   * @param columns K
   * @param recipe grid, group size and sweep options
   * @param factor U of the layer's inputs; empty for round to nearest
   */
  public static Rounded round(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      Optional<InverseFactor> factor,
      Tiles tiles) {
    return round(weight, rows, columns, recipe, factor, Optional.empty(), tiles);
  }

  /**
   * Rounds {@code weight} with GPTAQ's correction.
   *
   * @param weight W [N x K], row-major, finite; not changed
   * @param rows N
   * @param columns K
   * @param recipe grid, group size and sweep options
   * @param factor U of the layer's inputs; empty for round to nearest
   * @param correction P of the drift of the inputs, in the order of the factor; empty for GPTQ
   */
  public static Rounded round(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      Optional<InverseFactor> factor,
      Optional<DriftCorrection> correction,
      Tiles tiles) {
    return new ColumnSweep(weight, rows, columns, recipe, factor, correction, tiles).run(tiles);
  }

  private Rounded run(Tiles tiles) {
    double[] loss = {0};
    tiles.<Double>mapInOrder(
        (rows + ROW_TILE - 1) / ROW_TILE,
        tile -> sweepRows(tile * ROW_TILE, Math.min((tile + 1) * ROW_TILE, rows)),
        tileLoss -> loss[0] += tileLoss);
    GridLinear linear =
        GridLinear.of(
            rows,
            columns,
            fitter.bits(),
            layout.groupSize(),
            fitter.symmetric(),
            codes,
            scales,
            zeroPoints,
            layout.groupIndex());
    return new Rounded(
        secondScales.map(second -> linear.withChannelScales(second.channels())).orElse(linear),
        loss[0]);
  }

  /**
   * Rows being swept.
   *
   * @param first their first
   * @param count how many
   * @param work [count x K] in sweep order, as the blocks before left them
   * @param errors [count x block] e of the current block
   * @param pushing [count x block] the rounded weights, negated; only with the quirk of GPTAQ
   */
  private record RowTile(int first, int count, float[] work, float[] errors, float[] pushing) {}

  private double sweepRows(int first, int last) {
    int count = last - first;
    float[] work = new float[count * columns];
    for (int row = first; row < last; row++) {
      prepareRow(row, work, (row - first) * columns);
    }
    int inBlock = count * blockSize;
    RowTile tile =
        new RowTile(
            first, count, work, new float[inBlock], new float[sweepsCorrection ? inBlock : 0]);
    double loss = 0;
    for (int start = 0; start < columns; start += blockSize) {
      int width = Math.min(blockSize, columns - start);
      float[] blockFactor = blockFactor(start, width);
      for (int row = 0; row < count; row++) {
        loss += sweepBlock(tile, row, start, width, blockFactor);
      }
      if (factor.isPresent()) {
        spread(tile, factor.get().upper(), tile.errors(), start, width);
      }
      if (sweepsCorrection) {
        spread(tile, correction.orElseThrow().upper(), tile.pushing(), start, width);
      }
    }
    return loss;
  }

  private void spread(RowTile tile, float[] matrix, float[] factors, int start, int width) {
    ErrorSpread.subtractAfter(
        matrix, columns, start, width, factors, blockSize, tile.count(), tile.work(), 0);
  }

  /** Fits the grids that are fixed before the sweep and copies the row in sweep order. */
  private void prepareRow(int row, float[] work, int at) {
    int source = row * columns;
    float[] live = Arrays.copyOfRange(weight, source, source + columns);
    if (factor.isPresent()) {
      boolean[] dead = factor.get().dead();
      for (int k = 0; k < columns; k++) {
        live[k] = dead[k] ? 0 : live[k];
      }
    }
    if (secondScales.isPresent()) {
      secondScales.get().fitChannel(row, live, layout.groupSize());
    }
    if (fitsDeadColumns) {
      store(row, 0, fit(row, weight, source, source + columns));
    } else if (layout.staticGroups() || groups == 1) {
      for (int group = 0; group < groups; group++) {
        int from = group * layout.groupSize();
        store(row, group, fit(row, live, from, Math.min(from + layout.groupSize(), columns)));
      }
    }
    for (int position = 0; position < columns; position++) {
      work[at + position] = live[layout.order()[position]];
    }
    for (int position = 0; position < columns && pushed.length > 0; position++) {
      work[at + position] += pushed[source + position];
    }
  }

  private GridParameters fit(int row, float[] weights, int from, int to) {
    GridParameters fitted = fitter.fit(weights, from, to);
    return secondScales.isPresent()
        ? secondScales.get().nearest(row, fitted, weights, from, to)
        : fitted;
  }

  private void store(int row, int group, GridParameters parameters) {
    scales[row * groups + group] = parameters.scale();
    zeroPoints[row * groups + group] = (byte) (int) parameters.zero();
  }

  /** The diagonal block of U [width x width]. */
  private float[] blockFactor(int start, int width) {
    float[] block = new float[width * width];
    for (int i = 0; i < width; i++) {
      if (factor.isPresent()) {
        System.arraycopy(
            factor.get().upper(), (start + i) * columns + start, block, i * width, width);
      } else {
        block[i * width + i] = 1;
      }
    }
    return block;
  }

  /** Rounds the columns of one block of a tile's row. */
  private double sweepBlock(
      RowTile tile, int rowOfTile, int start, int width, float[] blockFactor) {
    int row = tile.first() + rowOfTile;
    int rowAt = rowOfTile * columns;
    int errorsAt = rowOfTile * blockSize;
    float[] work = tile.work();
    float[] current = Arrays.copyOfRange(work, rowAt + start, rowAt + start + width);
    boolean spreads = factor.isPresent();
    double loss = 0;
    for (int i = 0; i < width; i++) {
      int position = start + i;
      int column = layout.order()[position];
      int group = layout.group(position);
      if (layout.fitsAt(position)) {
        int to = Math.min(position + layout.groupSize(), columns);
        store(
            row,
            group,
            repeatsQuirks
                ? fit(row, work, rowAt + position, rowAt + to)
                : fit(row, current, i, to - start));
      }
      float scale = scales[row * groups + group];
      float zero = zeroPoints[row * groups + group] & 0xFF;
      float value = current[i];
      float code = fitter.code(value, scale, zero);
      codes[row * columns + column] = (byte) (int) code;
      float quantized = GridFitter.dequantize(code, scale, zero);
      float error = (value - quantized) / blockFactor[i * width + i];
      tile.errors()[errorsAt + i] = error;
      loss += (double) error * error / 2;
      if (spreads) {
        ErrorSpread.subtract(current, i, width, error, blockFactor, i * width);
      }
      if (sweepsCorrection) {
        float[] matrix = correction.orElseThrow().upper();
        ErrorSpread.subtract(current, i + 1, width, -value, matrix, position * columns + start);
        tile.pushing()[errorsAt + i] = -quantized;
      }
    }
    return loss;
  }
}
