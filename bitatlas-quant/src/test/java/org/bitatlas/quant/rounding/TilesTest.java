package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

class TilesTest {

  @Test
  void consumesInTileOrder() {
    List<Integer> consumed = new ArrayList<>();
    try (Tiles tiles = new Tiles(4)) {
      tiles.<Integer>mapInOrder(100, tile -> tile, consumed::add);
    }

    assertThat(consumed).isEqualTo(IntStream.range(0, 100).boxed().toList());
  }

  @Test
  void throwsWhatATileThrows() {
    try (Tiles tiles = new Tiles(2)) {
      assertThatThrownBy(() ->
              tiles.forEach(
                  3,
                  tile -> {
                    throw new BitAtlasException("tile failed");
                  }))
          .isInstanceOf(BitAtlasException.class)
          .hasMessage("tile failed");
    }
  }

  @Test
  void anInterruptCancels() {
    try (Tiles tiles = new Tiles(2)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> tiles.forEach(3, tile -> {}))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
