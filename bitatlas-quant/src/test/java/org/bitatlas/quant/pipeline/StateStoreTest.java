package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.quant.transform.BatchStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateStoreTest {

  private static final BatchPlan PLAN = new BatchPlan(3, 2, 4, 2);

  @Test
  void whatASearchPutsAsideComesBackAndIsDeletedAndCounted(@TempDir Path folder)
      throws IOException {
    StateStore store = new StateStore(Optional.of(folder));
    HiddenStates states = store.create("float", 0, PLAN);
    states.put(0, new float[16]);
    states.put(1, new float[8]);
    states.commit();
    store.measure();
    assertThat(store.largest()).isEqualTo(24 * Float.BYTES);

    try (BatchStore aside = store.create("aside", 0, PLAN).asBatchStore(store)) {
      aside.put(1, new float[] {1, 2, 3, 4, 5, 6, 7, 8});
      assertThat(aside.get(1)).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
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
    try (BatchStore aside = store.create("aside", 0, PLAN).asBatchStore(store)) {
      aside.put(0, new float[] {3});
      assertThat(aside.get(0)).containsExactly(3);
    }
    assertThat(store.largest()).isZero();
  }
}
