package org.bitatlas.scheme;

import java.util.Arrays;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A linear layer that stays in floating point but is not the base model's: it carries a transform,
 * or it is shown before rounding.
 *
 * @param outputFeatures N
 * @param inputFeatures K
 * @param weight W [N x K], row-major, finite
 */
public record FloatLinear(int outputFeatures, int inputFeatures, float[] weight)
    implements StoredLinear {

  /**
   * Checks the size.
   *
   * @throws BitAtlasException when {@code weight} is not [N x K] or not finite
   */
  public FloatLinear {
    if (weight.length != (long) outputFeatures * inputFeatures) {
      throw new BitAtlasException(
          "A float linear of [%d x %d] has %d weights."
              .formatted(outputFeatures, inputFeatures, weight.length));
    }
    for (float value : weight) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException("A float linear layer has a weight that is not finite.");
      }
    }
  }

  @Override
  public double nominalBits() {
    return Float.SIZE;
  }

  @Override
  public void dequantizeRow(int row, float[] target) {
    System.arraycopy(weight, row * inputFeatures, target, 0, inputFeatures);
  }

  @Override
  public String scheme() {
    return "float";
  }

  @Override
  public long storedBytes() {
    return (long) weight.length * Float.BYTES;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FloatLinear that
        && outputFeatures == that.outputFeatures
        && inputFeatures == that.inputFeatures
        && Arrays.equals(weight, that.weight);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * outputFeatures + inputFeatures) + Arrays.hashCode(weight);
  }

  @Override
  public String toString() {
    return "FloatLinear[%d x %d]".formatted(outputFeatures, inputFeatures);
  }
}
