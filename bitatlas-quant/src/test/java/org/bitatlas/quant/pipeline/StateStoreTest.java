package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.quant.transform.BatchStore;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateStoreTest {

  private static final BatchPlan PLAN = new BatchPlan(3, 2, 4, 2);

  @Test
  void whatASearchPutsAsideComesBackAndIsDeletedAndCounted(@TempDir Path folder)
      throws IOException {
    StateStore store = new StateStore(Optional.of(folder));
    try (TensorScope _ = TensorScope.open()) {
      check(store, folder);
    }
  }

  private static void check(StateStore store, Path folder) throws IOException {
    HiddenStates states = store.create("float", 0, PLAN);
    states.put(0, Tensor.zeros(ElementType.F32, 2, 2, 4));
    states.put(1, Tensor.zeros(ElementType.BF16, 1, 2, 4));
    states.commit();
    store.measure();
    assertThat(store.largest()).isEqualTo(24 * Float.BYTES);

    try (BatchStore aside = store.create("aside", 0, PLAN).asBatchStore(store)) {
      aside.put(1, Tensor.from(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 4));
      assertThat(aside.get(1).shape()).containsExactly(1, 2, 4);
      assertThat(aside.get(1).toFloats()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    }

    assertThat(store.largest()).isEqualTo(2 * 24 * Float.BYTES);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactly("float-00000.states");
    }
    states.discard();
    store.measure();
    assertThat(store.largest()).isEqualTo(2 * 24 * Float.BYTES);
  }

  @Test
  void inMemoryNothingIsOnDisk() {
    StateStore store = new StateStore(Optional.empty());
    try (TensorScope _ = TensorScope.open();
        BatchStore aside = store.create("aside", 0, PLAN).asBatchStore(store)) {
      aside.put(0, Tensor.from(new float[] {3}, 1, 1, 1));
      assertThat(aside.get(0).toFloats()).containsExactly(3);
    }
    assertThat(store.largest()).isZero();
  }
}
