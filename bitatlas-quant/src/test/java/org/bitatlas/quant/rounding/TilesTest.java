package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** What a tile reads is freed by the caller as soon as the call has ended. */
  @Test
  void noTileRunsAfterAnInterrupt() {
    Thread caller = Thread.currentThread();
    AtomicInteger running = new AtomicInteger();
    AtomicInteger ran = new AtomicInteger();
    AtomicBoolean tileInterrupted = new AtomicBoolean();
    try (Tiles tiles = new Tiles(2)) {
      assertThatThrownBy(() ->
              tiles.forEach(
                  100,
                  tile -> {
                    running.incrementAndGet();
                    ran.incrementAndGet();
                    caller.interrupt();
                    if (pause(200)) {
                      tileInterrupted.set(true);
                    }
                    running.decrementAndGet();
                  }))
          .isInstanceOf(CancellationException.class);
      assertThat(running).hasValue(0);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ran.get()).isLessThanOrEqualTo(4);
      assertThat(tileInterrupted).isFalse();
      tiles.forEach(3, tile -> ran.set(-1));
      assertThat(ran).hasValue(-1);
    }
  }

  @Test
  void noTileRunsAfterATileFailed() {
    AtomicInteger running = new AtomicInteger();
    CountDownLatch second = new CountDownLatch(1);
    try (Tiles tiles = new Tiles(2)) {
      assertThatThrownBy(() ->
              tiles.forEach(
                  2,
                  tile -> {
                    if (tile == 0) {
                      pauseUntil(second);
                      throw new BitAtlasException("tile failed");
                    }
                    running.incrementAndGet();
                    second.countDown();
                    pause(200);
                    running.decrementAndGet();
                    throw new BitAtlasException("so did the other");
                  }))
          .hasMessage("tile failed")
          .satisfies(failure ->
              assertThat(failure.getSuppressed())
                  .singleElement()
                  .extracting(Throwable::getMessage)
                  .isEqualTo("so did the other"));
      assertThat(running).hasValue(0);
    }
  }

  @Test
  void noTileRunsAfterTheConsumerFailed() {
    AtomicInteger running = new AtomicInteger();
    try (Tiles tiles = new Tiles(2)) {
      assertThatThrownBy(() ->
              tiles.<Integer>mapInOrder(
                  100,
                  tile -> {
                    running.incrementAndGet();
                    pause(tile == 0 ? 1 : 100);
                    running.decrementAndGet();
                    return tile;
                  },
                  tile -> {
                    throw new BitAtlasException("consumer failed");
                  }))
          .hasMessage("consumer failed");
      assertThat(running).hasValue(0);
    }
  }

  /** Whether the pause was interrupted. */
  private static boolean pause(int milliseconds) {
    try {
      Thread.sleep(milliseconds);
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static void pauseUntil(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
