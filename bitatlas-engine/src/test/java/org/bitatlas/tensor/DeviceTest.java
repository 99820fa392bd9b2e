package org.bitatlas.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

  private static final Device ELSEWHERE = new Device(Device.Kind.CPU, 1);

  @Test
  void readsNames() {
    assertThat(Device.parse("cpu")).isEqualTo(Device.CPU).hasToString("cpu");
    assertThat(Device.parse(" CPU:0 ")).isEqualTo(Device.CPU);
    assertThat(Device.parse("cuda")).isEqualTo(Device.parse("cuda:0")).hasToString("cuda:0");
    assertThat(Device.parse("CUDA:12")).isEqualTo(new Device(Device.Kind.CUDA, 12));
    assertThat(Device.parse("npu:1"))
        .isEqualTo(new Device(Device.Kind.NPU, 1))
        .hasToString("npu:1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "cuda:a", "cuda:128", "cuda0", "cpu:1"})
  void refusesOtherNames(String name) {
    assertThatThrownBy(() -> Device.parse(name))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageStartingWith("There is no device '" + name + "'; give cpu, or cuda:N");
  }

  @Test
  void aLibraryWithoutCudaSaysWhatIsMissing() {
    Device.CPU.requireAvailable();
    assumeThat(NativeRuntime.gpus()).isEmpty();
    assertThatThrownBy(() -> Device.parse("cuda:0").requireAvailable())
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("Device cuda:0 needs a libtorch with CUDA")
        .hasMessageContaining("org.bytedeco:pytorch")
        .hasMessageContaining("--device cpu");
  }

  @Test
  void aNumberAboveTheGpusIsRefused() {
    Device second = Device.parse("cuda:1");
    second.require(OptionalInt.of(2));
    assertThatThrownBy(() -> second.require(OptionalInt.of(1)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessage("There is no device cuda:1: libtorch sees 1 GPU; give cuda:0, or cpu.");
    assertThatThrownBy(() -> Device.parse("cuda:4").require(OptionalInt.of(3)))
        .hasMessageContaining("sees 3 GPUs; give cuda:0 to cuda:2");
    assertThatThrownBy(() -> second.require(OptionalInt.of(0)))
        .hasMessageContaining("needs a GPU, but libtorch sees none");
  }

  @Test
  void resultsAreWhereTheirOperandsAre() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor here = Tensor.from(new float[] {1, 2, 3, 4}, 2, 2);
      Tensor there = here.to(ELSEWHERE);
      assertThat(there.device()).isEqualTo(ELSEWHERE);
      assertThat(there.matmul(there).narrow(0, 1, 1).to(ElementType.F64).device())
          .isEqualTo(ELSEWHERE);
      assertThat(Tensor.zeros(ELSEWHERE, ElementType.F32, 2).device()).isEqualTo(ELSEWHERE);
      there.fillInPlace(7);
      assertThat(here.toFloats()).containsExactly(1, 2, 3, 4);
      assertThat(there.toFloats()).containsOnly(7);
      assertThat(there.copyFrom(here).copyFrom(new float[] {4, 3, 2, 1}).to(Device.CPU).toFloats())
          .containsExactly(4, 3, 2, 1);
      float[] read = new float[4];
      there.copyTo(read);
      assertThat(read).containsExactly(4, 3, 2, 1);
    }
  }

  @Test
  void operandsOnDifferentDevicesAreRefused() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor here = Tensor.from(new float[] {1, 2, 3, 4}, 2, 2);
      Tensor there = here.to(ELSEWHERE);
      for (Runnable mixed :
          List.<Runnable>of(
              () -> here.add(there),
              () -> there.mulInPlace(here),
              () -> here.linear(here, Optional.of(there.select(0, 0))),
              () -> Tensor.cat(List.of(here, there), 0),
              () -> there.indexSelect(0, Tensor.fromLongs(new long[] {1}, 1)))) {
        assertThatThrownBy(mixed::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("cpu:1");
      }
      assertThatThrownBy(there::memory).isInstanceOf(IllegalStateException.class);
    }
  }
}
