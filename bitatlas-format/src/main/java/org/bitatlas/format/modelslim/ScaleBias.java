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
      int k = 0;
      while (k < columns) {
        int group = k / groupSize;
        int slice = k / width;
        float second = StoredFloats.round(secondScales[n * groups + group], ElementType.BF16);
        float scale = channel * second;
        float sum = sums[n * slices + slice];
        int end = Math.min((group + 1) * groupSize, (slice + 1) * width);
        for (; k < end; k++) {
          sum += codes[n * columns + k] * scale;
        }
        sums[n * slices + slice] = sum;
      }
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] *= 8;
    }
    return sums;
  }
}
