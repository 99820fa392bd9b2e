package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TilePoolTest {

  private record Counting(AtomicIntegerArray runs, int failing) implements TileTask {
    @Override
    public int tileCount() {
      return runs.length();
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      if (tile == failing) {
        throw new IllegalArgumentException("tile " + tile);
      }
      runs.incrementAndGet(tile);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyTileRunsOnce(int threads) {
    try (TilePool pool = new TilePool(threads)) {
      assertThat(pool.threads()).isEqualTo(threads);
      for (int round = 0; round < 300; round++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(round % 37);
        pool.run(new Counting(runs, -1));
        for (int tile = 0; tile < runs.length(); tile++) {
          assertThat(runs.get(tile)).isOne();
        }
      }
    }
  }

  @Test
  void sleepingThreadsWakeUp() throws InterruptedException {
    try (TilePool pool = new TilePool(2)) {
      for (int round = 0; round < 3; round++) {
        Thread.sleep(20);
        AtomicIntegerArray runs = new AtomicIntegerArray(50);
        pool.run(new Counting(runs, -1));
        assertThat(runs.get(49)).isOne();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aFailureReachesTheCallerAndThePoolGoesOn(int threads) {
    try (TilePool pool = new TilePool(threads)) {
      assertThatThrownBy(() -> pool.run(new Counting(new AtomicIntegerArray(100), 7)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("tile 7");
      AtomicIntegerArray runs = new AtomicIntegerArray(100);
      pool.run(new Counting(runs, -1));
      assertThat(runs.get(99)).isOne();
    }
  }

  @Test
  void useAfterCloseIsRefused() {
    TilePool pool = new TilePool(2);
    pool.close();
    assertThatThrownBy(() -> pool.run(new Counting(new AtomicIntegerArray(1), -1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }
}
