package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.bitatlas.model.ActivationRounding;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Integer activations are those that simulated quantization computes with, to the last code. */
class ActivationCodesTest {

  enum Provider {
    SCALAR(new ScalarRowKernels()),
    VECTOR(new VectorRowKernels());

    final RowKernels kernels;

    Provider(RowKernels kernels) {
      this.kernels = kernels;
    }
  }

  static List<ActivationQuantizer> quantizers() {
    return List.of(
        ActivationQuantizer.perToken(8, true),
        ActivationQuantizer.perToken(8, false),
        ActivationQuantizer.perToken(6, false),
        ActivationQuantizer.perToken(4, true),
        ActivationQuantizer.perToken(4, false),
        ActivationQuantizer.perToken(2, true),
        ActivationQuantizer.dynamic(8, true, Strategy.TENSOR, 1),
        ActivationQuantizer.dynamic(4, false, Strategy.TOKEN, 0.9f),
        new ActivationQuantizer(8, false, Strategy.TOKEN, 0.8f, 0.7f, 0, 0),
        ActivationQuantizer.perTensor(8, true, -1.5f, 2),
        ActivationQuantizer.perTensor(8, false, -0.5f, 2));
  }

  @ParameterizedTest
  @MethodSource("quantizers")
  void codesAreThoseOfSimulatedQuantization(ActivationQuantizer quantizer) {
    KernelCases cases = new KernelCases(21);
    for (int columns : new int[] {1, 2, 7, 15, 16, 17, 31, 33, 64, 100, 1000}) {
      for (int rows = 1; rows <= 4; rows++) {
        float[] x = cases.floats(5 + rows * columns, 1);
        // Halves of a step are where rounding differs.
        for (int i = 5; i < x.length; i += 3) {
          x[i] = cases.random.nextInt(-254, 255) * 0.5f / 127;
        }
        x[5] = rows == 2 ? 0 : 1;
        float[] expected = simulated(x, rows, columns, quantizer);
        for (Provider provider : Provider.values()) {
          ActivationCodes codes = new ActivationCodes(4, columns);
          provider.kernels.quantize(x, 5, rows, quantizer, codes);
          float[] actual = new float[rows * columns];
          for (int i = 0; i < actual.length; i++) {
            int row = i / columns;
            actual[i] = codes.code(row, i % columns) * codes.scale(row) + 0f;
          }
          assertThat(actual).as("%s %d", provider, columns).containsExactly(expected);
        }
      }
    }
  }

  private static float[] simulated(
      float[] x, int rows, int columns, ActivationQuantizer quantizer) {
    try (TensorScope _ = TensorScope.open()) {
      float[] part = Arrays.copyOfRange(x, 5, x.length);
      Tensor tensor = Tensor.from(part, rows, columns);
      float[] values = ActivationRounding.apply(tensor, quantizer, 1).toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += 0f;
      }
      return values;
    }
  }

  @ParameterizedTest
  @EnumSource(Provider.class)
  void zerosHaveCodesOfZeroAndAScaleAboveIt(Provider provider) {
    ActivationCodes codes = new ActivationCodes(1, 40);
    provider.kernels.quantize(new float[40], 0, 1, ActivationQuantizer.perToken(8, true), codes);
    assertThat(codes.scale(0)).isEqualTo(Float.MIN_NORMAL);
    for (int k = 0; k < 40; k++) {
      assertThat(codes.code(0, k)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Provider.class)
  void whatIsNotANumberStaysInTheScaleOfItsRow(Provider provider) {
    for (ActivationQuantizer quantizer :
        List.of(ActivationQuantizer.perToken(8, true), ActivationQuantizer.perToken(8, false))) {
      float[] x = new KernelCases(22).floats(80, 1);
      x[50] = Float.NaN;
      ActivationCodes codes = new ActivationCodes(2, 40);
      provider.kernels.quantize(x, 0, 2, quantizer, codes);
      assertThat(codes.scale(0)).isFinite();
      assertThat(codes.scale(1)).isNaN();
    }
    ActivationCodes codes = new ActivationCodes(1, 3);
    provider.kernels.quantize(
        new float[] {1, Float.NaN, 2}, 0, 1, ActivationQuantizer.perTensor(8, true, -1, 1), codes);
    assertThat(codes.scale(0)).isNaN();
  }

  @Test
  void aScalePerHeadIsRefused() {
    ActivationQuantizer perHead = ActivationQuantizer.dynamic(8, true, Strategy.HEAD, 1);
    assertThatThrownBy(() ->
            new ScalarRowKernels().quantize(new float[4], 0, 1, perHead, new ActivationCodes(1, 4)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
