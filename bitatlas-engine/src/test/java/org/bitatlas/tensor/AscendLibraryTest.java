package org.bitatlas.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be tested without an NPU: sentences, and operators by name that libtorch itself has. */
class AscendLibraryTest {

  @TempDir private Path folder;

  @Test
  void anNpuWithoutItsLibraryIsOneSentenceThatSaysWhatToDo() {
    assumeThat(System.getenv(AscendLibrary.VARIABLE)).isNull();
    assertThatThrownBy(() -> Device.parse("npu:0").requireAvailable())
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll(
            "set BITATLAS_TORCH_NPU to libtorch_npu.so", "--device cpu", Device.UNTRIED);
    assertThatThrownBy(AscendLibraryTest::quantize).isInstanceOf(BitAtlasException.class);
  }

  private static void quantize() {
    try (TensorScope _ = TensorScope.open()) {
      AscendOperators.TokenCodes _ =
          AscendOperators.dynamicQuant(Tensor.zeros(ElementType.BF16, 1, 8));
    }
  }

  @Test
  void aFileThatIsNotTheLibraryIsNamed() throws IOException {
    String missing = folder.resolve("none.so").toString();
    assertThatThrownBy(() -> AscendLibrary.load(Optional.of(missing)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll(missing, "no such file");
    Path text = Files.writeString(folder.resolve("libtorch_npu.so"), "not a library");
    assertThatThrownBy(() -> AscendLibrary.load(Optional.of(text.toString())))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll(text.toString(), "cannot be loaded");
  }

  @Test
  void operatorsAreCalledByName() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor one = Tensor.from(new float[] {1, 5, 2}, 3);
      Tensor two = Tensor.from(new float[] {10, 20, 30}, 3);
      Tensor sum =
          NamedOperator.find("aten::add", "Tensor").call(Device.CPU, one, two, 2L).getFirst();
      assertThat(sum.toFloats()).containsExactly(21, 45, 62);
      List<Tensor> greatest =
          NamedOperator.find("aten::max", "dim").call(Device.CPU, one, 0L, false);
      assertThat(greatest.get(0).item()).isEqualTo(5);
      assertThat(greatest.get(1).toLongs()).containsExactly(1);
      Tensor clamped =
          NamedOperator.find("aten::clamp", "")
              .call(Device.CPU, one, Optional.empty(), 3.0)
              .getFirst();
      assertThat(clamped.toFloats()).containsExactly(1, 3, 2);
    }
    assertThatThrownBy(() -> NamedOperator.find("npu::npu_quant_matmul", ""))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no operator npu::npu_quant_matmul");
  }
}
