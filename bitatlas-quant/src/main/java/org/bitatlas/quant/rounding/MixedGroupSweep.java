package org.bitatlas.quant.rounding;

import java.util.Arrays;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.scheme.MixedGroupLinear;

/**
 * The column sweep of SliM-LLM (Huang et al. 2024, section 3.3): a block is a group, each with its
 * own number of bits. When a group is reached its grid is fitted on the updated weights, in a
 * search around their range in which salient errors count lambda times as much; then its columns
 * are rounded one after the other, as GPTQ does. A group of one bit is mean plus or minus scale.
 *
 * <p>Groups follow one another; rows of a group run in parallel.
 */
final class MixedGroupSweep {

  private static final int ROW_TILE = 64;

  private final float[] work;
  private final int rows;
  private final int columns;
  private final int groupSize;
  private final int[] bitsPerGroup;
  private final Options options;
  private final InverseFactor factor;
  private final Tiles tiles;
  private final byte[] codes;
  private final float[] scales;
  private final float[] offsets;

  /**
   * How groups are fitted.
   *
   * @param search of the range
   * @param salientWeight lambda
   * @param startsSymmetric whether the zero point of the groups in front of the first that has
   *     {@code bits} or more is constant, as the reference's quantizer has it
   * @param bits b
   * @param centred whether the scale of a group of one bit is that around its mean
   */
  record Options(
      RangeSearch search,
      double salientWeight,
      boolean startsSymmetric,
      int bits,
      boolean centred) {}

  /**
   * A rounded layer.
   *
   * @param loss sum of (w - q)^2 / (2 U[k][k]^2) over all weights, w as it was when rounded
   */
  record Rounded(MixedGroupLinear linear, double loss) {}

  private MixedGroupSweep(
      float[] weight,
      int columns,
      int groupSize,
      int[] bitsPerGroup,
      Options options,
      InverseFactor factor,
      Tiles tiles) {
    this.work = weight.clone();
    this.rows = weight.length / columns;
    this.columns = columns;
    this.groupSize = groupSize;
    this.bitsPerGroup = bitsPerGroup;
    this.options = options;
    this.factor = factor;
    this.tiles = tiles;
    this.codes = new byte[weight.length];
    this.scales = new float[rows * bitsPerGroup.length];
    this.offsets = new float[scales.length];
  }

  /**
   * Rounds {@code weight}.
   *
   * @param weight W [N x K], row-major, finite; not changed
   * @param columns K
   * @param bitsPerGroup [ceil(K / groupSize)]
   * @param factor U of the layer's inputs in natural order
   */
  static Rounded round(
      float[] weight,
      int columns,
      int groupSize,
      int[] bitsPerGroup,
      Options options,
      InverseFactor factor,
      Tiles tiles) {
    return new MixedGroupSweep(weight, columns, groupSize, bitsPerGroup, options, factor, tiles)
        .run();
  }

  private Rounded run() {
    for (int at = 0; at < work.length; at += columns) {
      for (int k = 0; k < columns; k++) {
        work[at + k] = factor.dead()[k] ? 0 : work[at + k];
      }
    }
    double[] loss = {0};
    boolean symmetric = options.startsSymmetric();
    for (int group = 0; group < bitsPerGroup.length; group++) {
      symmetric = symmetric && bitsPerGroup[group] < options.bits();
      int start = group * groupSize;
      int width = Math.min(groupSize, columns - start);
      GroupRows groupRows = new GroupRows(group, start, width, symmetric);
      tiles.<Double>mapInOrder(
          (rows + ROW_TILE - 1) / ROW_TILE,
          tile -> groupRows.sweep(tile * ROW_TILE, Math.min(ROW_TILE, rows - tile * ROW_TILE)),
          tileLoss -> loss[0] += tileLoss);
    }
    MixedGroupLinear linear =
        MixedGroupLinear.of(rows, columns, groupSize, bitsPerGroup, codes, scales, offsets);
    return new Rounded(linear, loss[0]);
  }

  /** One group, all rows. */
  private final class GroupRows {

    private final int group;
    private final int start;
    private final int width;
    private final int bits;
    private final GridFitter fitter;
    private final float[] block;
    private final double salientFrom;

    GroupRows(int group, int start, int width, boolean symmetric) {
      this.group = group;
      this.start = start;
      this.width = width;
      this.bits = bitsPerGroup[group];
      this.fitter = new GridFitter(Grid.GPTQ_ASYMMETRIC, bits, options.search(), symmetric);
      this.block = new float[width * width];
      for (int i = 0; i < width; i++) {
        int source = (start + i) * columns + start;
        System.arraycopy(factor.upper(), source, block, i * width, width);
      }
      boolean even = options.salientWeight() == 1 || bits == 1;
      this.salientFrom = even ? Double.POSITIVE_INFINITY : salientFrom();
    }

    private double salience(int row, int i) {
      double relative = work[row * columns + start + i] / block[i * width + i];
      return relative * relative;
    }

    /** The least salience that is more than two standard deviations from the block's mean. */
    private double salientFrom() {
      double sum = 0;
      double squares = 0;
      int count = rows * width;
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) {
          sum += salience(row, i);
        }
      }
      double mean = sum / count;
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) {
          double distance = salience(row, i) - mean;
          squares += distance * distance;
        }
      }
      double twoDeviations = 2 * Math.sqrt(squares / (count - 1));
      double least = Double.POSITIVE_INFINITY;
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) {
          double salience = salience(row, i);
          if (Math.abs(salience - mean) > twoDeviations) {
            least = Math.min(least, salience);
          }
        }
      }
      return least;
    }

    double sweep(int first, int count) {
      float[] errors = new float[count * width];
      double loss = 0;
      for (int r = 0; r < count; r++) {
        sweepRow(first + r, errors, r * width);
      }
      for (float error : errors) {
        loss += (double) error * error / 2;
      }
      ErrorSpread.subtractAfter(
          factor.upper(), columns, start, width, errors, width, count, work, first * columns);
      return loss;
    }

    private void sweepRow(int row, float[] errors, int errorsAt) {
      int at = row * columns + start;
      float[] current = Arrays.copyOfRange(work, at, at + width);
      int cell = row * bitsPerGroup.length + group;
      BinaryTerm term = BinaryTerm.fit(current, 0, width, options.centred());
      if (bits == 1) {
        scales[cell] = term.scale();
        offsets[cell] = term.mean();
      } else {
        GridParameters grid = fitter.fit(current, 0, width, importance(row));
        scales[cell] = grid.scale();
        offsets[cell] = grid.zero();
      }
      for (int i = 0; i < width; i++) {
        float quantized;
        if (bits == 1) {
          codes[at + i] = (byte) (term.isAbove(current[i]) ? 1 : 0);
          quantized = term.nearest(current[i]);
        } else {
          float code = fitter.code(current[i], scales[cell], offsets[cell]);
          codes[at + i] = (byte) (int) code;
          quantized = GridFitter.dequantize(code, scales[cell], offsets[cell]);
        }
        float error = (current[i] - quantized) / block[i * width + i];
        errors[errorsAt + i] = error;
        ErrorSpread.subtract(current, i, width, error, block, i * width);
      }
    }

    private float[] importance(int row) {
      if (salientFrom == Double.POSITIVE_INFINITY) {
        return new float[0];
      }
      float[] importance = new float[width];
      for (int i = 0; i < width; i++) {
        importance[i] = salience(row, i) >= salientFrom ? (float) options.salientWeight() : 1;
      }
      return importance;
    }
  }
}
