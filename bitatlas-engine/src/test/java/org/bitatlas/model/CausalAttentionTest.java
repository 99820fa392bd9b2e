package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CausalAttentionTest {

  @ParameterizedTest
  @CsvSource({"0, F32", "100, F32", "0, BF16"})
  void threadsThatShareTheHeadsGiveTheSameBits(int window, ElementType type) {
    Architecture architecture = TinyModel.architecture(window);
    int heads = architecture.heads() + 2 * architecture.keyValueHeads();
    SplittableRandom random = new SplittableRandom(9);
    float[] values = new float[2 * 700 * heads * architecture.headDimension()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-2, 2);
    }
    try (KernelThreads threads = new KernelThreads(2);
        TensorScope _ = TensorScope.open()) {
      Tensor input = Tensor.from(values, 2, 700, heads, architecture.headDimension()).to(type);
      float[] alone = new CausalAttention(architecture).attend(0, input).toFloats();
      AttentionOperator operator = AttentionOperator.onLibtorch(architecture, threads);
      Tensor shared = new CausalAttention(architecture, operator).attend(0, input);
      assertThat(shared.elementType()).isEqualTo(type);
      assertThat(shared.toFloats()).isEqualTo(alone);
    }
  }
}
