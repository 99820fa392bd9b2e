package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Float layers give what their definition says, for one row and many, and their rows back. */
class DenseLinearTest {

  private final KernelCases drawn = new KernelCases(11);
  private final KernelThreads one = new KernelThreads(1);
  private final KernelThreads two = new KernelThreads(2);

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  record Case(ElementType type, int outputs, int inputs, boolean biased) {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (ElementType type : List.of(ElementType.F32, ElementType.BF16)) {
      for (int[] shape : new int[][] {{1, 1}, {7, 5}, {256, 64}, {301, 200}, {600, 33}}) {
        cases.add(new Case(type, shape[0], shape[1], shape[0] % 2 == 1));
      }
    }
    return cases;
  }

  /** A weight, its bias, and the layer that multiplies by them. */
  private final class Drawn implements AutoCloseable {
    final Tensor weight;
    final float[] bias;
    final List<DenseLinear> layers;

    Drawn(Case each) {
      int n = each.outputs;
      int k = each.inputs;
      weight = Tensor.from(drawn.floats(n * k, 1), n, k).to(each.type);
      bias = each.biased ? drawn.floats(n, 1) : new float[0];
      WeightRows rows = WeightRows.of(weight.memory(), (long) k * each.type.bits() / Byte.SIZE);
      layers =
          List.of(
              DenseLinear.pack(each.type, n, k, rows, bias),
              new DenseLinear(each.type, n, k, LibtorchProduct.of(each.type, n, k, rows, bias)));
    }

    @Override
    public void close() {
      layers.forEach(DenseLinear::close);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productsAreTheirDefinition(Case each) {
    double tolerance = each.type == ElementType.F32 ? 1e-5 : 1e-2;
    for (int rows : List.of(1, 3, 19, 300)) {
      try (TensorScope _ = TensorScope.open();
          Drawn drawnLayer = new Drawn(each)) {
        Tensor input =
            Tensor.from(drawn.floats(rows * each.inputs, 1), rows, each.inputs).to(each.type);
        double[] exact = exact(input, drawnLayer, each);
        for (DenseLinear layer : drawnLayer.layers) {
          float[] found = apply(layer, input, one);
          assertThat(apply(layer, input, two)).isEqualTo(found);
          for (int i = 0; i < exact.length; i++) {
            assertThat((double) found[i])
                .isCloseTo(exact[i], offset(tolerance * (1 + Math.abs(exact[i]))));
          }
        }
      }
    }
  }

  private static double[] exact(Tensor input, Drawn layer, Case each) {
    float[] x = input.toFloats();
    float[] w = layer.weight.toFloats();
    int rows = x.length / each.inputs;
    double[] y = new double[rows * each.outputs];
    for (int m = 0; m < rows; m++) {
      for (int n = 0; n < each.outputs; n++) {
        double sum = each.biased ? layer.bias[n] : 0;
        for (int k = 0; k < each.inputs; k++) {
          sum += (double) x[m * each.inputs + k] * w[n * each.inputs + k];
        }
        y[m * each.outputs + n] = sum;
      }
    }
    return y;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rowsComeBackAsTheyWere(Case each) {
    long[] indexes = {each.outputs - 1, 0, each.outputs / 2, each.outputs - 1};
    try (TensorScope _ = TensorScope.open();
        Drawn layer = new Drawn(each)) {
      float[] expected =
          layer.weight.indexSelect(0, Tensor.fromLongs(indexes, indexes.length)).toFloats();
      for (DenseLinear dense : layer.layers) {
        Tensor rows = dense.rows(indexes);
        assertThat(rows.elementType()).isEqualTo(each.type);
        assertThat(rows.toFloats()).isEqualTo(expected);
      }
    }
  }

  /** So a token's logits do not depend on what it is batched with. */
  @ParameterizedTest
  @MethodSource("cases")
  void aRowDoesNotDependOnTheOthers(Case each) {
    int rows = 277;
    try (TensorScope _ = TensorScope.open();
        Drawn layer = new Drawn(each)) {
      DenseLinear packed = layer.layers.getFirst();
      Tensor input =
          Tensor.from(drawn.floats(rows * each.inputs, 1), rows, each.inputs).to(each.type);
      float[] all = apply(packed, input, two);
      for (int row : List.of(0, 100, 255, 256, 271, 276)) {
        float[] alone = apply(packed, input.narrow(0, row, 1).contiguous(), one);
        assertThat(alone)
            .isEqualTo(Arrays.copyOfRange(all, row * each.outputs, (row + 1) * each.outputs));
      }
    }
  }

  @Test
  void refusesActivationsOfAnotherType() {
    Case each = new Case(ElementType.F32, 7, 5, false);
    try (TensorScope _ = TensorScope.open();
        Drawn layer = new Drawn(each)) {
      Tensor input = Tensor.zeros(ElementType.BF16, 1, 5);
      assertThatThrownBy(() -> apply(layer.layers.getFirst(), input, one))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("activations of BF16");
    }
  }

  @Test
  void saysWhatMultiplies() {
    try (TensorScope _ = TensorScope.open();
        Drawn layer = new Drawn(new Case(ElementType.F32, 7, 5, false))) {
      assertThat(layer.layers.getFirst().choice(1).toString())
          .startsWith("f32 x f32 -> f32, packed product (oneDNN ");
      assertThat(layer.layers.getLast().choice(1).toString())
          .isEqualTo("f32 x f32 -> f32, float product (libtorch)");
    }
  }

  private static float[] apply(DenseLinear layer, Tensor input, KernelThreads threads) {
    LinearInput buffers = new LinearInput(layer.inputFeatures(), input, RowKernels.selected());
    return layer.apply(buffers, threads).toFloats();
  }
}
