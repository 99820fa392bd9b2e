package org.bitatlas.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TensorTest {

  @Test
  void operationsNeedAScope() {
    assertThatThrownBy(() -> Tensor.zeros(ElementType.F32, 2))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aKeptTensorOutlivesItsScope() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor kept;
      try (TensorScope inner = TensorScope.open()) {
        kept = inner.keep(Tensor.from(new float[] {1, 2, 3}, 3).add(1));
      }
      assertThat(kept.toFloats()).containsExactly(2, 3, 4);
    }
  }

  @Test
  void anUnscopedTensorLivesUntilItIsClosed() {
    Tensor weight;
    try (TensorScope _ = TensorScope.open()) {
      weight = Tensor.from(new float[] {1, 2}, 2).unscoped();
    }
    try (TensorScope _ = TensorScope.open()) {
      assertThat(weight.toFloats()).containsExactly(1, 2);
    }
    weight.close();
  }

  @Test
  void linearIsXTimesWTransposedPlusBias() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(new float[] {1, 2}, 1, 2);
      Tensor w = Tensor.from(new float[] {1, 0, 0, 1, 1, 1}, 3, 2);
      Tensor b = Tensor.from(new float[] {10, 20, 30}, 3);
      assertThat(x.linear(w, Optional.of(b)).toFloats()).containsExactly(11, 22, 33);
      assertThat(x.linear(w, Optional.empty()).shape()).containsExactly(1, 3);
    }
  }

  @Test
  void rmsNormMatchesItsFormula() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(new float[] {3, 4}, 1, 2);
      Tensor weight = Tensor.from(new float[] {1, 2}, 2);
      float root = (float) Math.sqrt(12.5 + 0.5);
      assertThat(x.rmsNorm(weight, 0.5).toFloats())
          .containsExactly(new float[] {3 / root, 8 / root}, within(1e-6f));
    }
  }

  @Test
  void argmaxTiesGoToTheLowestIndex() {
    try (TensorScope _ = TensorScope.open()) {
      float[] values = new float[2048];
      values[700] = 5;
      values[30] = 5;
      values[2000] = 5;
      assertThat(Tensor.from(values, 1, 2048).argmax(1).toLongs()).containsExactly(30);
    }
  }

  @Test
  void storedBytesAreConverted() {
    // 1.0 and -2.5 in bf16, little-endian
    byte[] bytes = {(byte) 0x80, 0x3f, 0x20, (byte) 0xc0};
    try (TensorScope _ = TensorScope.open()) {
      Tensor stored =
          Tensor.fromMemory(MemorySegment.ofArray(bytes), ElementType.BF16, List.of(2L));
      assertThat(stored.elementType()).isEqualTo(ElementType.BF16);
      assertThat(stored.toFloats()).containsExactly(1, -2.5f);
      assertThatThrownBy(
              () -> Tensor.fromMemory(MemorySegment.ofArray(bytes), ElementType.F4, List.of(8L)))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("F4");
    }
  }

  @Test
  void theRuntimeDescribesItself() {
    NativeRuntime.Description description = NativeRuntime.describe();
    assertThat(description.libtorchVersion()).startsWith("2.");
    assertThat(description.cpuCapability()).isNotBlank();
    assertThat(description.threads()).isEqualTo(1);
  }
}
