package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.Objects;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A binarized linear layer (BiLLM, Huang et al. 2024, section 3; "structural" binarization with
 * three masks). Columns come in blocks; per row and block there are four terms, each a mean mu and
 * a scale a, and a weight is read as
 *
 * <ul>
 *   <li>not salient, group 1: mu_0 ± a_0; group 2: mu_1 ± a_1
 *   <li>in a salient column: (mu_2 ± a_2) + (mu_3 ± a_3), the second term binarizing what the first
 *       leaves
 * </ul>
 *
 * in fp32, each sum rounded, in this order. Two bits are stored per weight: the sign of its first
 * term, and the magnitude group or, in a salient column, the sign of the second term. A sign bit
 * cannot say "exactly the mean", which {@code torch.sign} of the reference can: such a weight takes
 * the sign +, which differs only where a group has a scale above 0 and a weight at its very mean.
 *
 * @param outputFeatures N
 * @param inputFeatures K
 * @param blockSize columns of a block; the last may be narrower
 * @param salientColumns [ceil(K / 8)] bytes: one bit per column, least significant first
 * @param signs [N x ceil(K / 8)] bytes: 1 for +, of the first term
 * @param selectors [N x ceil(K / 8)] bytes: in a salient column 1 for + of the second term,
 *     elsewhere 1 for group 2
 * @param means [N x B x 4], B = ceil(K / blockSize), finite
 * @param scales [N x B x 4], finite
 */
public record BinaryLinear(
    int outputFeatures,
    int inputFeatures,
    int blockSize,
    byte[] salientColumns,
    byte[] signs,
    byte[] selectors,
    float[] means,
    float[] scales)
    implements StoredLinear {

  /** Terms of a row and block: group 1, group 2, salient, residual of salient. */
  public static final int TERMS = 4;

  private static final int SALIENT = 2;
  private static final int RESIDUAL = 3;

  /**
   * Checks every size and that means and scales are finite.
   *
   * @throws BitAtlasException when a size does not fit the others or a value is not finite
   */
  public BinaryLinear {
    require(outputFeatures > 0 && inputFeatures > 0, "a weight with rows and columns", "none");
    require(
        blockSize >= 1 && blockSize <= inputFeatures,
        "a block size of 1 to " + inputFeatures + " columns",
        blockSize);
    int rowBytes = BitPlane.rowBytes(inputFeatures);
    long plane = (long) outputFeatures * rowBytes;
    require(salientColumns.length == rowBytes, rowBytes + " flag bytes", salientColumns.length);
    require(signs.length == plane, plane + " sign bytes", signs.length);
    require(selectors.length == plane, plane + " selector bytes", selectors.length);
    long terms = (long) outputFeatures * Math.ceilDiv(inputFeatures, blockSize) * TERMS;
    require(means.length == terms, terms + " means", means.length);
    require(scales.length == terms, terms + " scales", scales.length);
    for (int i = 0; i < means.length; i++) {
      require(Float.isFinite(means[i]), "finite means", means[i]);
      require(Float.isFinite(scales[i]), "finite scales", scales[i]);
    }
  }

  private static void require(boolean holds, String expected, Object found) {
    if (!holds) {
      throw new BitAtlasException(
          "A binarized linear layer is malformed: expected %s, found %s."
              .formatted(expected, found));
    }
  }

  /**
   * Packs a layer.
   *
   * @param salient [K] whether a column is salient
   * @param positive [N x K] whether the first term is mean + scale; a weight at its mean counts as
   *     positive
   * @param selector [N x K] in a salient column whether the second term is mean + scale, elsewhere
   *     whether the weight is of group 2
   * @param means [N x B x 4]
   * @param scales [N x B x 4]
   * @throws BitAtlasException when a size does not fit or a value is not finite
   */
  public static BinaryLinear of(
      int outputFeatures,
      int inputFeatures,
      int blockSize,
      boolean[] salient,
      boolean[] positive,
      boolean[] selector,
      float[] means,
      float[] scales) {
    long count = (long) outputFeatures * inputFeatures;
    require(salient.length == inputFeatures, inputFeatures + " column flags", salient.length);
    require(positive.length == count, count + " signs", positive.length);
    require(selector.length == count, count + " selectors", selector.length);
    return new BinaryLinear(
        outputFeatures,
        inputFeatures,
        blockSize,
        BitPlane.pack(salient, 1, inputFeatures),
        BitPlane.pack(positive, outputFeatures, inputFeatures),
        BitPlane.pack(selector, outputFeatures, inputFeatures),
        means,
        scales);
  }

  /** Number of blocks B of a row. */
  public int blocks() {
    return Math.ceilDiv(inputFeatures, blockSize);
  }

  /** Whether column {@code k} is salient. */
  public boolean salient(int k) {
    return BitPlane.isSet(salientColumns, 0, k);
  }

  /** Whether the weight is of magnitude group 2; false in a salient column. */
  public boolean secondGroup(int row, int k) {
    return !salient(k) && BitPlane.isSet(selectors, row * BitPlane.rowBytes(inputFeatures), k);
  }

  /** Share of columns that are salient. */
  public double salientShare() {
    return (double) BitPlane.count(salientColumns, inputFeatures) / inputFeatures;
  }

  /** 2 r + (1 - r) with r the salient share, as BiLLM counts: group flags are left out too. */
  @Override
  public double nominalBits() {
    return 1 + salientShare();
  }

  /** The stored bits of a weight as a number: 2 times the selector plus the sign. */
  public int valueIndex(int row, int k) {
    int start = row * BitPlane.rowBytes(inputFeatures);
    return (BitPlane.isSet(selectors, start, k) ? 2 : 0)
        + (BitPlane.isSet(signs, start, k) ? 1 : 0);
  }

  /**
   * The value that stored bits stand for.
   *
   * @param salient whether the column is salient
   * @param valueIndex 0 to 3, as {@link #valueIndex} gives it
   */
  public float value(int row, int block, boolean salient, int valueIndex) {
    int terms = (row * blocks() + block) * TERMS;
    boolean positive = (valueIndex & 1) != 0;
    boolean selector = (valueIndex & 2) != 0;
    return salient
        ? term(terms + SALIENT, positive) + term(terms + RESIDUAL, selector)
        : term(selector ? terms + 1 : terms, positive);
  }

  @Override
  public void dequantizeRow(int row, float[] target) {
    for (int k = 0; k < inputFeatures; k++) {
      target[k] = value(row, k / blockSize, salient(k), valueIndex(row, k));
    }
  }

  private float term(int index, boolean positive) {
    return (positive ? scales[index] : -scales[index]) + means[index];
  }

  @Override
  public String scheme() {
    return "binarized, blocks of " + blockSize;
  }

  @Override
  public long storedBytes() {
    return salientColumns.length
        + (long) signs.length
        + selectors.length
        + (long) Float.BYTES * (means.length + scales.length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BinaryLinear that
        && outputFeatures == that.outputFeatures
        && inputFeatures == that.inputFeatures
        && blockSize == that.blockSize
        && Arrays.equals(salientColumns, that.salientColumns)
        && Arrays.equals(signs, that.signs)
        && Arrays.equals(selectors, that.selectors)
        && Arrays.equals(means, that.means)
        && Arrays.equals(scales, that.scales);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        outputFeatures,
        inputFeatures,
        blockSize,
        Arrays.hashCode(salientColumns),
        Arrays.hashCode(signs),
        Arrays.hashCode(selectors),
        Arrays.hashCode(means),
        Arrays.hashCode(scales));
  }

  @Override
  public String toString() {
    return "BinaryLinear[%d x %d, blocks of %d]"
        .formatted(outputFeatures, inputFeatures, blockSize);
  }
}
