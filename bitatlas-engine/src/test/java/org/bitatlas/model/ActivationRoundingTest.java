package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationRoundingTest {

  /** A device whose memory Java may not read. */
  private static final Device ELSEWHERE = new Device(Device.Kind.CPU, 1);

  static Stream<ActivationQuantizer> quantizers() {
    Stream.Builder<ActivationQuantizer> all = Stream.builder();
    for (int bits = 2; bits <= 8; bits++) {
      for (boolean symmetric : new boolean[] {true, false}) {
        for (Strategy strategy : Strategy.values()) {
          all.add(ActivationQuantizer.dynamic(bits, symmetric, strategy, 1));
          all.add(new ActivationQuantizer(bits, symmetric, strategy, .8f, .95f, 0, 0));
        }
        all.add(ActivationQuantizer.perTensor(bits, symmetric, -1.25f, 2.5f));
        all.add(ActivationQuantizer.perTensor(bits, symmetric, 0, .75f));
      }
    }
    return all.build();
  }

  @ParameterizedTest
  @MethodSource("quantizers")
  void equalsTheScalarFormula(ActivationQuantizer quantizer) {
    for (int width : new int[] {1, 7, 8, 40, 333}) {
      for (int tokens : new int[] {1, 5}) {
        float[] values = values(2 * tokens * 3 * width, width);
        Arrays.fill(values, 0, width, 0);
        int shared =
            switch (quantizer.strategy()) {
              case TENSOR -> values.length;
              case TOKEN -> 3 * width;
              case HEAD -> width;
            };
        try (TensorScope _ = TensorScope.open()) {
          Tensor input = Tensor.from(values, 2, tokens, 3L * width);
          Tensor rounded = ActivationRounding.apply(input, quantizer, width);
          assertThat(rounded.shape()).isEqualTo(input.shape());
          assertThat(plusZero(rounded.toFloats())).isEqualTo(truth(values, shared, quantizer));
          assertThat(input.toFloats()).isEqualTo(values);
          Tensor elsewhere = ActivationRounding.apply(input.to(ELSEWHERE), quantizer, width);
          assertThat(elsewhere.device()).isEqualTo(ELSEWHERE);
          assertThat(elsewhere.toFloats()).isEqualTo(rounded.toFloats());
        }
      }
    }
  }

  @Test
  void keepsReducedTypesAndComputesInSinglePrecision() {
    ActivationQuantizer quantizer = ActivationQuantizer.perToken(4, false);
    float[] values = values(6 * 33, 1);
    try (TensorScope _ = TensorScope.open()) {
      Tensor input = Tensor.from(values, 6, 33).to(ElementType.BF16);
      Tensor rounded = ActivationRounding.apply(input, quantizer, 1);
      assertThat(rounded.elementType()).isEqualTo(ElementType.BF16);
      float[] expected = truth(input.toFloats(), 33, quantizer);
      assertThat(plusZero(rounded.toFloats()))
          .isEqualTo(Tensor.from(expected, 6, 33).to(ElementType.BF16).toFloats());
    }
  }

  @Test
  void readsViewsInTheirOwnOrder() {
    ActivationQuantizer quantizer = ActivationQuantizer.perToken(3, true);
    try (TensorScope _ = TensorScope.open()) {
      Tensor whole = Tensor.from(values(8 * 12, 2), 8, 12);
      Tensor view = whole.narrow(1, 3, 5);
      float[] expected = truth(view.copy().toFloats(), 5, quantizer);
      assertThat(plusZero(ActivationRounding.apply(view, quantizer, 1).toFloats()))
          .isEqualTo(expected);
      Tensor transposed = whole.transpose(0, 1);
      assertThat(plusZero(ActivationRounding.apply(transposed, quantizer, 1).toFloats()))
          .isEqualTo(truth(transposed.toFloats(), 8, quantizer));
    }
  }

  @Test
  void roundsHalvesToEvenAndClampsToTheGrid() {
    ActivationQuantizer fixed = ActivationQuantizer.perTensor(3, true, -3, 3);
    ActivationQuantizer asymmetric = ActivationQuantizer.perTensor(2, false, -1, 2);
    float[] values = {.5f, 1.5f, 2.5f, -.5f, -1.5f, 3.4f, 9, -3.6f, -4.4f, -9, 1e30f, -1e30f};
    try (TensorScope _ = TensorScope.open()) {
      assertThat(rounded(values, fixed))
          .containsExactly(plusZero(0, 2, 2, 0, -2, 3, 3, -4, -4, -4, 3, -4));
      assertThat(rounded(values, asymmetric))
          .containsExactly(plusZero(0, 2, 2, 0, -1, 2, 2, -1, -1, -1, 2, -1));
    }
  }

  @Test
  void valuesTooSmallForTheirScaleBecomeZero() {
    float[] values = {Float.MIN_VALUE, -Float.MIN_VALUE, 0};
    try (TensorScope _ = TensorScope.open()) {
      for (boolean symmetric : new boolean[] {true, false}) {
        assertThat(rounded(values, ActivationQuantizer.perToken(8, symmetric)))
            .containsExactly(0, 0, 0);
      }
    }
  }

  @Test
  void whatIsNotFiniteStaysVisible() {
    ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
    try (TensorScope _ = TensorScope.open()) {
      Tensor input = Tensor.from(new float[] {1, Float.NaN, 2, 1, 2, 4}, 2, 3);
      float[] rounded = ActivationRounding.apply(input, quantizer, 1).toFloats();
      assertThat(rounded[0]).isNaN();
      assertThat(rounded[1]).isNaN();
      assertThat(rounded[5]).isEqualTo(4f);
    }
  }

  private static float[] rounded(float[] values, ActivationQuantizer quantizer) {
    Tensor rounded = ActivationRounding.apply(Tensor.from(values, 1, values.length), quantizer, 1);
    return plusZero(rounded.toFloats());
  }

  private static float[] values(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * Math.exp(2 * random.nextGaussian()));
    }
    return values;
  }

  /** Value by value, as {@link ActivationQuantizer} states it. */
  private static float[] truth(float[] values, int shared, ActivationQuantizer quantizer) {
    float[] rounded = new float[values.length];
    for (int from = 0; from < values.length; from += shared) {
      float low = quantizer.staticLow();
      float high = quantizer.staticHigh();
      if (quantizer.dynamic()) {
        for (int i = from; i < from + shared; i++) {
          low = Math.min(low, values[i]);
          high = Math.max(high, values[i]);
        }
        low *= quantizer.clipLow();
        high *= quantizer.clipHigh();
      }
      int steps = (1 << quantizer.bits()) - 1;
      int half = steps / 2;
      float scale =
          quantizer.symmetric() ? Math.max(Math.abs(low), high) / half : (high - low) / steps;
      for (int i = from; i < from + shared; i++) {
        if (scale == 0) {
          continue;
        }
        if (quantizer.symmetric()) {
          double code = Math.clamp(Math.rint(values[i] / scale), -half - 1.0, half);
          rounded[i] = (float) code * scale;
        } else {
          double zero = Math.rint(-low / scale);
          double code = Math.clamp(Math.rint(values[i] / scale) + zero, 0, steps);
          rounded[i] = (float) (code - zero) * scale;
        }
      }
    }
    return plusZero(rounded);
  }

  /** 0 in place of -0, which compares as another value. */
  private static float[] plusZero(float... values) {
    float[] copy = values.clone();
    for (int i = 0; i < copy.length; i++) {
      copy[i] += 0f;
    }
    return copy;
  }
}
