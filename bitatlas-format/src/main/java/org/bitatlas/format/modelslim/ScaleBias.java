package org.bitatlas.format.modelslim;

import org.bitatlas.format.StoredFloats;
import org.bitatlas.tensor.ElementType;

/**
 * {@code scale_bias} of W4A8: 8 times the sum of a row's weights, which a kernel adds that reads a
 * nibble as code + 8. A layer whose input features tensor parallelism splits has one sum per
 * sixteenth of the input features, so that each device adds up its own. The linear kernel of
 * vLLM-Ascend loads it and does not use it; that of experts does.
 */
public final class ScaleBias {

  /** Parts of a row of a layer whose input features are split. */
  public static final int SLICES = 16;

  private ScaleBias() {}

  /**
   * The sums, from scales rounded to bf16 as they are when loaded.
   *
   * @param codes [N x K], signed
   * @param channelScales [N]
   * @param secondScales [N x G]
   * @param slices 1 or 16, a divisor of K
   * @return [N x slices]
   */
  public static float[] of(
      byte[] codes, float[] channelScales, float[] secondScales, int columns, int slices) {
    int rows = channelScales.length;
    int groups = secondScales.length / rows;
    int groupSize = columns / groups;
    int width = columns / slices;
    float[] sums = new float[rows * slices];
    for (int n = 0; n < rows; n++) {
      float channel = StoredFloats.round(channelScales[n], ElementType.BF16);
      for (int k = 0; k < columns; k++) {
        float second =
            StoredFloats.round(secondScales[n * groups + k / groupSize], ElementType.BF16);
        sums[n * slices + k / width] += codes[n * columns + k] * (channel * second);
      }
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] *= 8;
    }
    return sums;
  }
}
