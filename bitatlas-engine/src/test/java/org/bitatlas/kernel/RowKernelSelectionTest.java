package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

class RowKernelSelectionTest {

  /** A build whose vector kernels silently fell away would pass every other test. */
  @Test
  void thisJvmRunsVectorKernels() {
    assertThat(RowKernels.selected()).isInstanceOf(VectorRowKernels.class);
    assertThat(RowKernels.describe()).contains("vector row kernels of");
    assertThat(RowKernels.selected().name()).startsWith("vector-");
  }

  @Test
  void scalarKernelsCanBeAskedFor() {
    RowKernelSelection selection = RowKernelSelection.select("scalar");
    assertThat(selection.kernels()).isInstanceOf(ScalarRowKernels.class);
    assertThat(selection.reason()).contains("asked for with -Dbitatlas.kernels");
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThatThrownBy(() -> RowKernelSelection.select("simd"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("give scalar, vector or auto");
  }
}
