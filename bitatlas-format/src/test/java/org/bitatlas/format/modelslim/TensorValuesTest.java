package org.bitatlas.format.modelslim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.bitatlas.kernel.ascend.DequantScale;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

/** Values of single tensors, against numbers worked out by hand or by another way. */
class TensorValuesTest {

  @Test
  void storesScalesOfAnFp16ModelAsSignExtendedBitPatterns() {
    assertThat(DequantScale.stored(1f)).isEqualTo(1065353216L);
    assertThat(DequantScale.stored(0.5f)).isEqualTo(1056964608L);
    assertThat(DequantScale.stored(1e-4f)).isEqualTo(0x38D1B717L);
    assertThat(DequantScale.stored(-1f)).isEqualTo(-1082130432L);
    assertThat(DequantizationScale.ofPattern(-1082130432L)).isEqualTo(-1f);
    assertThat(DequantizationScale.ofPattern(0x38D1B717L)).isEqualTo(1e-4f);
    assertThatThrownBy(() -> DequantizationScale.ofPattern(1L << 46))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no bit pattern");
  }

  @Test
  void putsTheOddRowIntoTheHighNibble() {
    byte[] codes = {-8, 7, 3, 1, -1, 0};
    byte[] packed = NibblePairs.pack(codes, 2, 3);
    assertThat(packed).containsExactly(0x18, (byte) 0xF7, 0x03);
    assertThat(NibblePairs.unpack(packed, 2, 3)).containsExactly(codes);
  }

  @Test
  void unpacksEveryByte() {
    for (int value = 0; value < 256; value++) {
      byte[] codes = NibblePairs.unpack(new byte[] {(byte) value}, 2, 1);
      assertThat(codes[0] & 15).isEqualTo(value & 15);
      assertThat(codes[1] & 15).isEqualTo(value >> 4);
      assertThat(codes[0]).isBetween((byte) -8, (byte) 7);
      assertThat(NibblePairs.pack(codes, 2, 1)[0]).isEqualTo((byte) value);
    }
  }

  @Test
  void roundsBiasesHalfToEvenInUnitsOfTheAccumulator() {
    float[] deq = {0.25f, 0.25f, 0.25f, 0.25f};
    assertThat(
            QuantizedBias.of(
                new float[] {1, 0.625f, 0.875f, 0}, deq, new long[] {10, 0, 0, -7}, 3, "q"))
        .containsExactly(4 - 30, 2, 4, 21);
    assertThatThrownBy(() ->
            QuantizedBias.of(
                new float[] {1e6f}, new float[] {1e-6f}, new long[] {0}, 0, "model.q_proj"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("model.q_proj");
  }

  @Test
  void foldsOffsetAndBiasIntoTheAccumulator() {
    SplittableRandom random = new SplittableRandom(3);
    int columns = 96;
    StaticInput input = StaticInput.of(ActivationQuantizer.perTensor(8, false, -1.75f, 5.5f));
    float weightScale = 0.0123f;
    byte[] codes = new byte[columns];
    random.nextBytes(codes);
    long sum = 0;
    long accumulator = 0;
    double exact = 0.37;
    for (int k = 0; k < columns; k++) {
      double x = random.nextDouble() * 7 - 1.75;
      int q = (int) Math.clamp(Math.rint(x / input.scale() + input.offset()), -128, 127);
      sum += codes[k];
      accumulator += (long) codes[k] * q;
      exact += codes[k] * weightScale * (double) (q - input.offset()) * input.scale();
    }
    float[] deq = DequantizationScale.of(input.scale(), new float[] {weightScale});
    int bias = QuantizedBias.of(new float[] {0.37f}, deq, new long[] {sum}, input.offset(), "q")[0];
    assertThat((accumulator + bias) * (double) deq[0])
        .isCloseTo(exact, within(0.51 * deq[0] + 1e-4));
  }

  @Test
  void movesUnsignedCodesOfActivationsToSignedOnes() {
    StaticInput symmetric = StaticInput.of(ActivationQuantizer.perTensor(8, true, -2, 3));
    assertThat(symmetric.scale()).isEqualTo(3f / 127);
    assertThat(symmetric.offset()).isZero();
    StaticInput asymmetric = StaticInput.of(ActivationQuantizer.perTensor(8, false, -1, 4.1f));
    assertThat(asymmetric.scale()).isEqualTo(5.1f / 255);
    // Zero is code 50 of 0 to 255: -1 is the least code.
    assertThat(asymmetric.offset()).isEqualTo(50 - 128);
    assertThat(StaticInput.of(ActivationQuantizer.perTensor(8, false, 0, 1)).offset())
        .isEqualTo(-128);
    assertThat(StaticInput.of(ActivationQuantizer.perTensor(8, false, -1, 0)).offset())
        .isEqualTo(127);
  }

  @Test
  void findsARangeForEveryStaticGridThatHasOne() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 2000; i++) {
      float low = (float) -Math.exp(random.nextDouble() * 8 - 4);
      float high = (float) Math.exp(random.nextDouble() * 8 - 4);
      ActivationQuantizer range = ActivationQuantizer.perTensor(8, i % 2 == 0, low, high);
      StaticInput input = StaticInput.of(range);
      assertThat(StaticInput.of(input.quantizer())).isEqualTo(input);
    }
  }

  @Test
  void sumsTheWeightsOfEachSlice() {
    int columns = 32;
    byte[] codes = new byte[2 * columns];
    for (int k = 0; k < columns; k++) {
      codes[k] = (byte) (k % 16 - 8);
      codes[columns + k] = 1;
    }
    float[] whole =
        ScaleBias.of(codes, new float[] {0.5f, 2}, new float[] {3, 5, 1, 1}, columns, 1);
    // Codes of a group of 16 add up to -8: 8 * 0.5 * (3 * -8 + 5 * -8), and 8 * 2 * 32.
    assertThat(whole).containsExactly(-256, 512);
    float[] slices =
        ScaleBias.of(codes, new float[] {0.5f, 2}, new float[] {3, 5, 1, 1}, columns, 16);
    assertThat(slices).hasSize(32);
    assertThat(slices[0]).isEqualTo(8 * 0.5f * 3 * (-8 - 7));
    assertThat(slices[31]).isEqualTo(32);
  }
}
