package org.bitatlas.kernel;

import org.bitatlas.kernel.ascend.Dequantization;
import org.bitatlas.kernel.ascend.ExportedScales;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.kernel.ascend.StaticInput;
import org.bitatlas.kernel.ascend.TokenQuantization;
import org.bitatlas.kernel.ascend.TokenScale;

/** What an NPU does on both sides of a layer's exact sums, for a bf16 model. */
sealed interface AscendArithmetic {

  /**
   * Makes codes of a row.
   *
   * @param values x [K] from {@code from} on
   * @param codes receives q [K]
   * @return the scale of the row; unused where it is the same for all
   */
  float quantize(float[] values, int from, int columns, byte[] codes);

  /**
   * Makes outputs of a row.
   *
   * @param sums of products of codes [N]
   * @param tokenScale of the row
   * @param outputs receives y [N], in bf16
   */
  void finish(int[] sums, float tokenScale, float[] outputs);

  /** W8A8: one scale for all tokens. */
  record Static(StaticInput input, ExportedScales scales) implements AscendArithmetic {

    @Override
    public float quantize(float[] values, int from, int columns, byte[] codes) {
      input.quantize(values, from, columns, codes, 0);
      return 1;
    }

    @Override
    public void finish(int[] sums, float tokenScale, float[] outputs) {
      for (int n = 0; n < scales.quantBias().length; n++) {
        outputs[n] =
            Dequantization.staticBf16(sums[n] + scales.quantBias()[n], scales.dequantScales()[n]);
      }
    }
  }

  /**
   * W8A8_DYNAMIC.
   *
   * @param weightScales [N], in bf16
   * @param bias b [N], or empty
   */
  record PerToken(TokenScale kind, float[] weightScales, float[] bias) implements AscendArithmetic {

    @Override
    public float quantize(float[] values, int from, int columns, byte[] codes) {
      int limit = TokenQuantization.LIMIT_8;
      return TokenQuantization.quantize(values, from, columns, limit, 1, kind, codes, 0);
    }

    @Override
    public void finish(int[] sums, float tokenScale, float[] outputs) {
      for (int n = 0; n < weightScales.length; n++) {
        float added = bias.length == 0 ? 0 : bias[n];
        outputs[n] =
            Dequantization.perToken(sums[n], weightScales[n], tokenScale, added, HalfFormat.BF16);
      }
    }
  }

  /**
   * W4A4, with and without a transform.
   *
   * @param clip factor on the range of inputs
   * @param weightScales [N], fp32
   * @param bias b [N], or empty
   * @param product type of the product in front of the bias
   */
  record FourBits(
      TokenScale kind, float clip, float[] weightScales, float[] bias, HalfFormat product)
      implements AscendArithmetic {

    @Override
    public float quantize(float[] values, int from, int columns, byte[] codes) {
      int limit = TokenQuantization.LIMIT_4;
      return TokenQuantization.quantize(values, from, columns, limit, clip, kind, codes, 0);
    }

    @Override
    public void finish(int[] sums, float tokenScale, float[] outputs) {
      for (int n = 0; n < weightScales.length; n++) {
        float added = bias.length == 0 ? 0 : bias[n];
        outputs[n] =
            Dequantization.fourBits(
                sums[n], weightScales[n], tokenScale, added, product, HalfFormat.BF16);
      }
    }
  }
}
