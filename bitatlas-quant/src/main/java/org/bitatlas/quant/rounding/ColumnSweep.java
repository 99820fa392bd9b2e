package org.bitatlas.quant.rounding;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.scheme.GridLinear;

/**
 * Rounds a weight W [N x K] column by column and spreads the error of each column over the columns
 * not yet rounded: GPTQ (Frantar et al. 2023, algorithm 1, as IST-DASLab/gptq does it). Without a
 * factor, or with U = I, it is round to nearest.
 *
 * <p>Rows do not depend on each other; tiles of a fixed number of rows run in parallel. All
 * arithmetic is fp32. Inside a block of columns the updates are immediate, beyond it they are
 * gathered per block. The grid of a group is fitted when its first column is reached, on the
 * updated weights; with the reference's quirk on the weights as the blocks before left them,
 * without the updates inside the current block.
 */
public final class ColumnSweep {

  /** Raised when the same weight, recipe and factor give other codes. */
  public static final int BEHAVIOUR_VERSION = 2;

  private static final int ROW_TILE = 32;
  private static final int COLUMN_CHUNK = 1024;

  private final float[] weight;
  private final int rows;
  private final int columns;
  private final GridFitter fitter;
  private final int groupSize;
  private final int groups;
  private final int blockSize;
  private final boolean staticGroups;
  private final boolean fitsStale;
  private final Optional<InverseFactor> factor;
  private final int[] order;
  private final byte[] codes;
  private final float[] scales;
  private final byte[] zeroPoints;

  private ColumnSweep(
      float[] weight, int rows, int columns, Recipe recipe, Optional<InverseFactor> factor) {
    if (factor.isPresent() && factor.get().size() != columns) {
      throw new IllegalArgumentException(
          "a factor of " + factor.get().size() + " columns for a weight of " + columns);
    }
    this.weight = weight;
    this.rows = rows;
    this.columns = columns;
    this.fitter = GridFitter.of(recipe.weights());
    this.groupSize = recipe.groupSize() == 0 ? columns : Math.min(recipe.groupSize(), columns);
    this.groups = (columns + groupSize - 1) / groupSize;
    this.factor = factor;
    this.order = factor.map(InverseFactor::order).orElseGet(() -> naturalOrder(columns));
    Gptq options = recipe.rounding() instanceof Gptq gptq ? gptq : Gptq.DEFAULT;
    this.staticGroups = options.staticGroups();
    this.fitsStale = recipe.quirks();
    this.blockSize = blockSize(options.blockSize());
    this.codes = new byte[Math.multiplyExact(rows, columns)];
    this.scales = new float[rows * groups];
    this.zeroPoints = new byte[rows * groups];
  }

  /**
   * The lazy blocks only save memory traffic; without the reference's quirk they hold whole groups,
   * so that a group is fitted on fully updated weights.
   */
  private int blockSize(int asked) {
    boolean whole = fitsStale || staticGroups || groups == 1;
    int size = whole ? asked : groupSize * Math.max(1, asked / groupSize);
    return Math.min(size, columns);
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
    return new ColumnSweep(weight, rows, columns, recipe, factor).run(tiles);
  }

  private static int[] naturalOrder(int columns) {
    int[] order = new int[columns];
    Arrays.setAll(order, k -> k);
    return order;
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
            groupSize,
            fitter.symmetric(),
            codes,
            scales,
            zeroPoints,
            groupIndex());
    return new Rounded(linear, loss[0]);
  }

  /** Groups formed in sweep order are scattered over the columns. */
  private Optional<int[]> groupIndex() {
    boolean natural = factor.isEmpty() || Arrays.equals(order, naturalOrder(columns));
    if (groups == 1 || staticGroups || natural) {
      return Optional.empty();
    }
    int[] index = new int[columns];
    for (int position = 0; position < columns; position++) {
      index[order[position]] = position / groupSize;
    }
    return Optional.of(index);
  }

  private double sweepRows(int first, int last) {
    int count = last - first;
    float[] work = new float[count * columns];
    for (int row = first; row < last; row++) {
      prepareRow(row, work, (row - first) * columns);
    }
    float[] errors = new float[count * blockSize];
    double loss = 0;
    for (int start = 0; start < columns; start += blockSize) {
      int width = Math.min(blockSize, columns - start);
      float[] blockFactor = blockFactor(start, width);
      for (int row = first; row < last; row++) {
        loss +=
            sweepBlock(
                row,
                work,
                (row - first) * columns,
                start,
                width,
                blockFactor,
                errors,
                (row - first) * blockSize);
      }
      if (factor.isPresent()) {
        spread(factor.get().upper(), work, errors, count, start, width);
      }
    }
    return loss;
  }

  /** Fits the grids that are fixed before the sweep and copies the row in sweep order. */
  private void prepareRow(int row, float[] work, int at) {
    int source = row * columns;
    if (groups == 1) {
      store(row, 0, fitter.fit(weight, source, source + columns));
    }
    float[] live = Arrays.copyOfRange(weight, source, source + columns);
    if (factor.isPresent()) {
      boolean[] dead = factor.get().dead();
      for (int k = 0; k < columns; k++) {
        live[k] = dead[k] ? 0 : live[k];
      }
    }
    if (staticGroups && groups > 1) {
      for (int group = 0; group < groups; group++) {
        int from = group * groupSize;
        store(row, group, fitter.fit(live, from, Math.min(from + groupSize, columns)));
      }
    }
    for (int position = 0; position < columns; position++) {
      work[at + position] = live[order[position]];
    }
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

  private double sweepBlock(
      int row,
      float[] work,
      int rowAt,
      int start,
      int width,
      float[] blockFactor,
      float[] errors,
      int errorsAt) {
    float[] current = Arrays.copyOfRange(work, rowAt + start, rowAt + start + width);
    boolean spreads = factor.isPresent();
    double loss = 0;
    for (int i = 0; i < width; i++) {
      int position = start + i;
      int column = order[position];
      int group = staticGroups ? column / groupSize : position / groupSize;
      if (groups > 1 && !staticGroups && position % groupSize == 0) {
        int to = Math.min(position + groupSize, columns);
        store(
            row,
            group,
            fitsStale
                ? fitter.fit(work, rowAt + position, rowAt + to)
                : fitter.fit(current, i, to - start));
      }
      float scale = scales[row * groups + group];
      float zero = zeroPoints[row * groups + group] & 0xFF;
      float code = fitter.code(current[i], scale, zero);
      codes[row * columns + column] = (byte) (int) code;
      float error =
          (current[i] - GridFitter.dequantize(code, scale, zero)) / blockFactor[i * width + i];
      errors[errorsAt + i] = error;
      loss += (double) error * error / 2;
      if (spreads) {
        subtract(current, i, width, error, blockFactor, i * width);
      }
    }
    return loss;
  }

  private static void subtract(
      float[] target, int from, int to, float factor, float[] source, int sourceAt) {
    for (int j = from; j < to; j++) {
      target[j] -= factor * source[sourceAt + j];
    }
  }

  /** Columns after the block -= errors * U[block, after], in chunks that stay in the cache. */
  private void spread(
      float[] upper, float[] work, float[] errors, int count, int start, int width) {
    float[] sums = new float[COLUMN_CHUNK];
    for (int from = start + width; from < columns; from += COLUMN_CHUNK) {
      int length = Math.min(COLUMN_CHUNK, columns - from);
      for (int r = 0; r < count; r++) {
        Arrays.fill(sums, 0, length, 0);
        int errorsAt = r * blockSize;
        int i = 0;
        for (; i + 4 <= width; i += 4) {
          addFour(sums, length, errors, errorsAt + i, upper, (start + i) * columns + from);
        }
        for (; i < width; i++) {
          subtract(sums, 0, length, -errors[errorsAt + i], upper, (start + i) * columns + from);
        }
        int target = r * columns + from;
        for (int j = 0; j < length; j++) {
          work[target + j] -= sums[j];
        }
      }
    }
  }

  /** sums += the next four errors times the next four rows of U. */
  private void addFour(
      float[] sums, int length, float[] errors, int errorsAt, float[] upper, int upperAt) {
    float error0 = errors[errorsAt];
    float error1 = errors[errorsAt + 1];
    float error2 = errors[errorsAt + 2];
    float error3 = errors[errorsAt + 3];
    int row1 = upperAt + columns;
    int row2 = row1 + columns;
    int row3 = row2 + columns;
    for (int j = 0; j < length; j++) {
      sums[j] +=
          error0 * upper[upperAt + j]
              + error1 * upper[row1 + j]
              + error2 * upper[row2 + j]
              + error3 * upper[row3 + j];
    }
  }
}
