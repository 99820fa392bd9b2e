package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.tensor.NativeRuntime;

/**
 * Runs tiles on a fixed number of threads, each tile on one thread and single-threaded inside
 * libtorch. An interrupt of the calling thread sets the {@link Cancellation} and waits for the
 * tiles in progress.
 */
final class TilePool {

  private final int threads;

  TilePool(int threads) {
    this.threads = threads;
  }

  /** What to do with a tile. */
  interface Work {

    /**
     * Does one tile.
     *
     * @param tile index of the tile
     * @param cancelled whether the work should stop early
     */
    void run(int tile, Cancellation cancelled);
  }

  /** Whether work should stop early. */
  static final class Cancellation {
    private volatile boolean requested;

    boolean requested() {
      return requested;
    }
  }

  /**
   * Runs all tiles, or stops at the first failure.
   *
   * @return whether all ran; false after an interrupt, which is still pending
   */
  boolean run(int tiles, Work work) {
    Cancellation cancellation = new Cancellation();
    AtomicInteger next = new AtomicInteger();
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    Runnable worker =
        () -> {
          try {
            NativeRuntime.useSingleThread();
            if (tiles > 1 && threads > 1) {
              KernelThreads.computeAlone();
            }
            for (int tile = next.getAndIncrement();
                tile < tiles && !cancellation.requested;
                tile = next.getAndIncrement()) {
              work.run(tile, cancellation);
            }
          } catch (RuntimeException | Error thrown) {
            cancellation.requested = true;
            failures.add(thrown);
          }
        };
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < Math.min(threads, tiles); i++) {
      workers.add(Thread.ofPlatform().name("bitatlas-tile-" + i).daemon().start(worker));
    }
    boolean interrupted = joinAll(workers, cancellation);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    for (Throwable thrown : failures) {
      switch (thrown) {
        case Error error -> throw error;
        case RuntimeException exception -> throw exception;
        default -> throw new IllegalStateException(thrown);
      }
    }
    return !interrupted;
  }

  private static boolean joinAll(List<Thread> workers, Cancellation cancellation) {
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException stop) {
          interrupted = true;
          cancellation.requested = true;
        }
      }
    }
    return interrupted;
  }
}
