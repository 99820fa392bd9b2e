package org.bitatlas.quant.rounding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Billm;
import org.bitatlas.quant.method.Rounding.SalientMetric;
import org.bitatlas.scheme.BinaryLinear;

/**
 * Binarizes a weight W [N x K] block by block (BiLLM, Huang et al. 2024, algorithm 1, as
 * Aaronhuang-778/BiLLM does it). In each block of columns the salient ones are binarized twice, the
 * others once, in two groups by magnitude; means and scales are per row, block and group. The error
 * of a block is spread over the columns after it, as GPTQ does, but not inside the block.
 *
 * <p>The structure is the one of least error: of W, each column's error weighted by 1 / U[k][k]^2
 * as in the loss (by 1 with the magnitude metric); with the reference's quirk of W^2 / U[k][k]^2
 * taken for the weights themselves.
 *
 * <p>W and the updates are fp32, the search for the structure fp64. Blocks follow one another; rows
 * of a block run in parallel, and sums over rows are added in a fixed order.
 */
public final class BlockBinarization {

  /** Raised when the same weight, recipe and factor give other signs or scales. */
  public static final int BEHAVIOUR_VERSION = 2;

  private static final int ROW_TILE = 64;

  private final float[] work;
  private final int rows;
  private final int columns;
  private final Billm options;
  private final boolean repeatsQuirks;
  private final Optional<InverseFactor> factor;
  private final boolean feedsBack;
  private final Tiles tiles;
  private final int blockSize;
  private final boolean[] salient;
  private final boolean[] positive;
  private final boolean[] selector;
  private final float[] means;
  private final float[] scales;

  private BlockBinarization(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      Optional<InverseFactor> factor,
      boolean feedsBack,
      Tiles tiles) {
    if (!(recipe.rounding() instanceof Billm billm)) {
      throw new IllegalArgumentException("not a BiLLM recipe: " + recipe.label());
    }
    if (factor.isPresent() && factor.get().size() != columns) {
      throw new IllegalArgumentException(
          "a factor of " + factor.get().size() + " columns for a weight of " + columns);
    }
    this.work = weight.clone();
    this.rows = rows;
    this.columns = columns;
    this.options = billm;
    this.repeatsQuirks = recipe.quirks();
    this.factor = factor;
    this.feedsBack = feedsBack && factor.isPresent();
    this.tiles = tiles;
    this.blockSize = Math.min(billm.blockSize(), columns);
    int terms = rows * Math.ceilDiv(columns, blockSize) * BinaryLinear.TERMS;
    this.salient = new boolean[columns];
    this.positive = new boolean[Math.multiplyExact(rows, columns)];
    this.selector = new boolean[positive.length];
    this.means = new float[terms];
    this.scales = new float[terms];
  }

  /**
   * A binarized layer.
   *
   * @param linear masks, signs, means and scales
   * @param loss sum of (w - q)^2 / (2 U[k][k]^2) over all weights, w as it was when binarized
   * @param blocks what was found in each block
   */
  public record Binarized(BinaryLinear linear, double loss, List<Block> blocks) {}

  /**
   * The structure of a block.
   *
   * @param salientColumns columns that were binarized twice
   * @param split magnitude from which on a weight is of group 2; of W^2 / U[k][k]^2 where the
   *     reference's quirk searches that, of W otherwise
   */
  public record Block(int salientColumns, double split) {}

  /**
   * Binarizes {@code weight}.
   *
   * @param weight W [N x K], row-major, finite; not changed
   * @param rows N
   * @param columns K
   * @param recipe a BiLLM recipe
   * @param factor U of the layer's inputs in natural order; empty for U = I without feedback
   */
  public static Binarized round(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      Optional<InverseFactor> factor,
      Tiles tiles) {
    return round(weight, rows, columns, recipe, factor, true, tiles);
  }

  /** As above; without feedback the factor only says which columns are salient. */
  static Binarized round(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      Optional<InverseFactor> factor,
      boolean feedsBack,
      Tiles tiles) {
    return new BlockBinarization(weight, rows, columns, recipe, factor, feedsBack, tiles).run();
  }

  private Binarized run() {
    for (int k = 0; k < columns; k++) {
      if (factor.isPresent() && factor.get().dead()[k]) {
        for (int row = 0; row < rows; row++) {
          work[row * columns + k] = 0;
        }
      }
    }
    double loss = 0;
    List<Block> blocks = new ArrayList<>();
    for (int start = 0; start < columns; start += blockSize) {
      int width = Math.min(blockSize, columns - start);
      Searched searched = measure(start, width);
      SalientSearch.Structure structure =
          new SalientSearch(searched.values(), searched.importance(), repeatsQuirks, tiles)
              .find(searched.salience());
      System.arraycopy(structure.salient(), 0, salient, start, width);
      loss += binarize(start, width, searched.values(), structure.threshold());
      blocks.add(new Block(structure.salientColumns(), structure.threshold() * searched.unit()));
    }
    BinaryLinear linear =
        BinaryLinear.of(rows, columns, blockSize, salient, positive, selector, means, scales);
    return new Binarized(linear, loss, List.copyOf(blocks));
  }

  private double diagonal(int k) {
    return factor.isPresent() ? factor.get().upper()[k * columns + k] : 1;
  }

  /**
   * What the structure of a block is searched on.
   *
   * @param values [N x width], in units of {@code unit}
   * @param unit the power of two that brings the largest magnitude to 1 .. 2, so that no square
   *     leaves the range; it changes no mask
   * @param importance [width] of squared errors
   * @param salience [width]
   */
  private record Searched(float[] values, double unit, double[] importance, double[] salience) {}

  private Searched measure(int start, int width) {
    boolean hessian = options.metric() == SalientMetric.HESSIAN;
    double[] measured = new double[rows * width];
    double[] importance = new double[width];
    double[] salience = new double[width];
    double greatest = 0;
    for (int k = 0; k < width; k++) {
      double diagonal = hessian ? diagonal(start + k) : 1;
      importance[k] = repeatsQuirks ? 1 : 1 / (diagonal * diagonal);
    }
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < width; k++) {
        double value = work[row * columns + start + k];
        double relative = value / diagonal(start + k);
        double column = hessian ? relative * relative : Math.abs(value);
        salience[k] += column;
        measured[row * width + k] = repeatsQuirks && hessian ? column : value;
        greatest = Math.max(greatest, Math.abs(measured[row * width + k]));
      }
    }
    double unit = greatest == 0 ? 1 : Math.scalb(1.0, Math.getExponent(greatest));
    float[] values = new float[measured.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (measured[i] / unit);
    }
    return new Searched(values, unit, importance, salience);
  }

  private double binarize(int start, int width, float[] searched, double threshold) {
    double[] loss = {0};
    tiles.<Double>mapInOrder(
        (rows + ROW_TILE - 1) / ROW_TILE,
        tile -> {
          int first = tile * ROW_TILE;
          int count = Math.min(ROW_TILE, rows - first);
          float[] errors = new float[count * width];
          double tileLoss = 0;
          for (int r = 0; r < count; r++) {
            binarizeRow(first + r, start, width, searched, threshold, errors, r * width);
          }
          for (float error : errors) {
            tileLoss += (double) error * error / 2;
          }
          if (feedsBack) {
            ErrorSpread.subtractAfter(
                factor.orElseThrow().upper(),
                columns,
                start,
                width,
                errors,
                width,
                count,
                work,
                first * columns);
          }
          return tileLoss;
        },
        tileLoss -> loss[0] += tileLoss);
    return loss[0];
  }

  private void binarizeRow(
      int row,
      int start,
      int width,
      float[] searched,
      double threshold,
      float[] errors,
      int errorsAt) {
    int rowAt = row * columns + start;
    int terms = (row * Math.ceilDiv(columns, blockSize) + start / blockSize) * BinaryLinear.TERMS;
    float[] rest = Arrays.copyOfRange(work, rowAt, rowAt + width);
    boolean[] first = new boolean[width];
    boolean[] second = new boolean[width];
    boolean[] twice = Arrays.copyOfRange(salient, start, start + width);
    for (int k = 0; k < width; k++) {
      boolean large = Math.abs(searched[row * width + k]) >= threshold;
      first[k] = !twice[k] && !large;
      second[k] = !twice[k] && large;
      selector[rowAt + k] = second[k];
    }
    subtractTerm(rest, first, terms, positive, rowAt);
    subtractTerm(rest, second, terms + 1, positive, rowAt);
    subtractTerm(rest, twice, terms + 2, positive, rowAt);
    subtractTerm(rest, twice, terms + 3, selector, rowAt);
    for (int k = 0; k < width; k++) {
      errors[errorsAt + k] = (float) (rest[k] / diagonal(start + k));
    }
  }

  /** Fits the masked entries of what is left, stores their term and takes it away. */
  private void subtractTerm(
      float[] rest, boolean[] mask, int stored, boolean[] signs, int signsAt) {
    BinaryTerm term = BinaryTerm.fit(rest, mask);
    term.subtract(rest, mask, signs, signsAt);
    means[stored] = term.mean();
    scales[stored] = term.scale();
  }
}
