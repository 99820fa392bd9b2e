package org.bitatlas.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class GradientsTest {

  @Test
  void aQuadraticFormHasTheGradientOfTheBooks() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Gradients.variable(Tensor.from(new float[] {1, -2, 3}, 3));
      Tensor unused = Gradients.variable(Tensor.from(new float[] {4, 5}, 2));

      List<Tensor> gradients = Gradients.of(x.mul(x).sum(), List.of(x, unused));

      assertThat(gradients.get(0).toFloats()).containsExactly(2, -4, 6);
      assertThat(gradients.get(1).toFloats()).containsExactly(0, 0);
    }
  }

  @Test
  void severalOutputsAreWeightedByTheirGradients() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Gradients.variable(Tensor.from(new float[] {2, 3}, 2));
      List<Tensor> gradients =
          Gradients.of(
              List.of(x.mul(2), x.mul(x)),
              List.of(Tensor.from(new float[] {1, 10}, 2), Tensor.from(new float[] {100, 1}, 2)),
              List.of(x));

      assertThat(gradients.getFirst().toFloats()).containsExactly(402, 26);
    }
  }

  @Test
  void aDetachedTensorIsAConstant() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Gradients.variable(Tensor.from(new float[] {2, 3}, 2));

      Tensor gradient = Gradients.of(x.mul(x.detach()).sum(), List.of(x)).getFirst();

      assertThat(gradient.toFloats()).containsExactly(2, 3);
    }
  }

  @Test
  void withoutAVariableNothingIsRecorded() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(new float[] {2, 3}, 2);
      Tensor output = x.mul(x).sum();

      assertThatThrownBy(() -> Gradients.of(output, List.of(x)))
          .hasMessageContaining("does not require grad");
    }
  }

  /** Gradient of tr(C^T A^-1 B) by A: -A^-T C B^T A^-T, by hand for a diagonal A. */
  @Test
  void solvingAndInvertingCanBeDifferentiated() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor a = Gradients.variable(Tensor.fromDoubles(new double[] {2, 0, 0, 4}, 2, 2));
      Tensor right = Tensor.fromDoubles(new double[] {1, 0, 0, 1}, 2, 2);

      double[] solved = Gradients.of(a.solve(right).sum(), List.of(a)).getFirst().toDoubles();
      double[] inverted = Gradients.of(a.inverse().sum(), List.of(a)).getFirst().toDoubles();

      assertThat(solved).containsExactly(new double[] {-.25, -.125, -.125, -.0625}, within(1e-12));
      assertThat(inverted).containsExactly(solved, within(1e-12));
      assertThatThrownBy(() -> Tensor.zeros(ElementType.F64, 2, 2).inverse())
          .hasMessageContaining("singular");
    }
  }

  /**
   * One lost [64 x 64] tensor per step would be 5 MB in every round; the virtual machine's own
   * memory grows in some.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void graphsAreFreedWithTheirScope() {
    steps(100);
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 4; round++) {
      long before = AllocatedBytes.now();
      steps(300);
      least = Math.min(least, AllocatedBytes.now() - before);
    }
    assertThat(least).as("bytes more after 300 steps").isLessThan(1L << 20);
  }

  private static void steps(int count) {
    float[] values = new float[64 * 64];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 101) / 101f - .5f;
    }
    for (int step = 0; step < count; step++) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor raw = Gradients.variable(Tensor.from(values, 64, 64));
        Tensor weight = Gradients.variable(Tensor.from(values, 64, 64));
        Tensor low = raw.lowerTriangle();
        Tensor skew = low.sub(low.transpose(0, 1));
        Tensor output = skew.linear(weight, Optional.empty()).silu().mulInPlace(weight.sigmoid());
        Tensor clamped = output.clamp(output.amin(-1).mul(.5), output.amax(-1).mul(.5));
        Gradients.of(clamped.mul(clamped).sum(), List.of(raw, weight));
      }
    }
  }
}
