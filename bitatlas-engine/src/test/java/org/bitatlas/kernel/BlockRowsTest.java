package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands between products: both providers give the same bits, libtorch the same values. */
class BlockRowsTest {

  private static final List<BlockKernels> PROVIDERS =
      List.of(new ScalarBlockKernels(), new VectorBlockKernels());

  private final KernelCases drawn = new KernelCases(9);
  private final KernelThreads two = new KernelThreads(2);
  private final BlockRows rows = new BlockRows(new VectorRowKernels(), two);
  private final BlockRows scalarRows = new BlockRows(new ScalarRowKernels(), two);

  @AfterEach
  void close() {
    two.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 15, 16, 17, 31, 32, 33, 64, 100, 1536})
  void providersGiveTheSameBits(int count) {
    float[] x = drawn.floats(2 * count, 20);
    float[] weight = drawn.floats(count, 1);
    for (BlockKernels each : PROVIDERS) {
      BlockKernels scalar = PROVIDERS.getFirst();
      float[] sum = x.clone();
      float[] expected = x.clone();
      each.add(x, count, count, sum, 0);
      scalar.add(x, count, count, expected, 0);
      assertThat(sum).isEqualTo(expected);
      assertThat(each.sumOfSquares(x, 0, count, new float[16]))
          .isEqualTo(scalar.sumOfSquares(x, 0, count, new float[16]));
      each.scale(x, 0, count, 0.3f, weight, sum, count);
      scalar.scale(x, 0, count, 0.3f, weight, expected, count);
      assertThat(sum).isEqualTo(expected);
      each.swiGlu(sum, 0, x, count, count);
      scalar.swiGlu(expected, 0, x, count, count);
      assertThat(sum).isEqualTo(expected);
      int even = count - count % 2;
      each.rotate(sum, 0, even, x);
      scalar.rotate(expected, 0, even, x);
      assertThat(sum).isEqualTo(expected);
    }
  }

  @Test
  void activationOfExtremeValues() {
    for (BlockKernels each : PROVIDERS) {
      float[] gate = new float[32];
      float[] up = new float[32];
      float[] values = {
        0, -0f, 1, -1, 88, -88, 200, -200, Float.MAX_VALUE, -Float.MAX_VALUE, 1e-30f, -1e-30f
      };
      System.arraycopy(values, 0, gate, 0, values.length);
      gate[20] = Float.NaN;
      Arrays.fill(up, 1);
      each.swiGlu(gate, 0, up, 0, 32);
      assertThat(gate[0]).isZero();
      assertThat(gate[2]).isCloseTo(0.7310586f, within(1e-6f));
      assertThat(gate[3]).isCloseTo(-0.26894143f, within(1e-6f));
      assertThat(gate[4]).isEqualTo(88);
      assertThat(gate[6]).isEqualTo(200);
      assertThat(gate[7]).isZero();
      assertThat(gate[8]).isEqualTo(Float.MAX_VALUE);
      assertThat(gate[9]).isZero();
      assertThat(gate[20]).isNaN();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "BF16"})
  void valuesAreThoseOfLibtorch(String name) {
    ElementType type = ElementType.valueOf(name);
    double tolerance = type == ElementType.F32 ? 2e-6 : 2e-2;
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden = Tensor.from(drawn.floats(2 * 37 * 200, 1), 2, 37, 200).to(type);
      Tensor residual = Tensor.from(drawn.floats(2 * 37 * 200, 1), 2, 37, 200).to(type);
      Tensor weight = Tensor.from(drawn.floats(200, 1), 200).to(type);
      check(rows.rmsNorm(hidden, weight, 1e-5), hidden.rmsNorm(weight, 1e-5), tolerance);
      Tensor sum = hidden.add(residual);
      Tensor first = hidden.copy();
      Tensor second = hidden.copy();
      Tensor norm = rows.addThenNorm(first, residual, weight, 1e-5);
      check(norm, sum.rmsNorm(weight, 1e-5), tolerance);
      assertThat(scalarRows.addThenNorm(second, residual, weight, 1e-5).toFloats())
          .isEqualTo(norm.toFloats());
      assertThat(first.toFloats()).isEqualTo(sum.toFloats());
      assertThat(rows.add(hidden.copy(), residual).toFloats()).isEqualTo(sum.toFloats());
      check(
          rows.swiGlu(hidden),
          hidden.narrow(-1, 0, 100).silu().mul(hidden.narrow(-1, 100, 100)),
          tolerance);
      assertThat(scalarRows.swiGlu(hidden).toFloats()).isEqualTo(rows.swiGlu(hidden).toFloats());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void headsAreRotatedByTheirPosition(int tables) {
    try (TensorScope _ = TensorScope.open()) {
      long[] shape =
          switch (tables) {
            case 0 -> new long[] {5, 1, 24};
            case 1 -> new long[] {3, 1, 1, 24};
            default -> new long[] {3, 5, 1, 24};
          };
      int count = (int) (shape[0] * shape[1] * shape[shape.length - 2] * 24);
      count = tables == 2 ? 3 * 5 * 24 : count;
      Tensor cosine = Tensor.from(drawn.floats(count, 1), shape);
      Tensor sine = Tensor.from(drawn.floats(count, 1), shape);
      Tensor heads = Tensor.from(drawn.floats(3 * 5 * 6 * 24, 1), 3, 5, 6, 24);
      Tensor expected = heads.copy();
      Tensor rotated = expected.narrow(2, 0, 4);
      Tensor rolled = rotated.roll(-1, 12);
      Tensor _ = rotated.mulInPlace(cosine).addProductInPlace(rolled, sine);
      rows.rotate(heads, 4, cosine, sine);
      check(heads, expected, 2e-6);
    }
  }

  private static void check(Tensor values, Tensor expected, double tolerance) {
    float[] got = values.toFloats();
    float[] wanted = expected.toFloats();
    assertThat(values.shape()).isEqualTo(expected.shape());
    for (int i = 0; i < got.length; i++) {
      assertThat((double) got[i])
          .isCloseTo(wanted[i], within(tolerance * Math.max(1, Math.abs(wanted[i]))));
    }
  }
}
