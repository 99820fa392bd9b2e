package org.bitatlas.kernel;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads that a model's products may use. A call that finds them busy, or that comes from a
 * thread which said that it works alone, computes its tiles itself: so many sequences at once use a
 * thread each, and a single one uses all. Results are the same bytes either way.
 */
public final class KernelThreads implements AutoCloseable {

  private static final ThreadLocal<Caller> CALLER = ThreadLocal.withInitial(Caller::new);

  private final int threads;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable TilePool pool;

  private static final class Caller {
    final RowScratch scratch = new RowScratch();
    boolean alone;
  }

  /**
   * Threads that start when they are first needed.
   *
   * @param threads threads that compute, the caller's included; at least 1
   */
  public KernelThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads");
    }
    this.threads = threads;
  }

  /** The calling thread computes its tiles itself from now on: others work beside it. */
  public static void computeAlone() {
    CALLER.get().alone = true;
  }

  /** Threads that compute, the caller's included. */
  public int count() {
    return threads;
  }

  /** Whether the calling thread may have help: there are others, and it did not say it is alone. */
  public boolean shared() {
    return threads > 1 && !CALLER.get().alone;
  }

  /** Runs all tiles of a task and returns when the last has ended. */
  public void run(TileTask task) {
    Caller caller = CALLER.get();
    int tiles = task.tileCount();
    if (threads == 1 || tiles == 1 || caller.alone || !lock.tryLock()) {
      for (int tile = 0; tile < tiles; tile++) {
        task.runTile(tile, caller.scratch);
      }
      return;
    }
    try {
      pool().run(task);
    } finally {
      lock.unlock();
    }
  }

  private TilePool pool() {
    TilePool started = pool;
    if (started == null) {
      started = new TilePool(threads);
      pool = started;
    }
    return started;
  }

  /** Ends the threads. No task may be running. */
  @Override
  public void close() {
    TilePool started = pool;
    if (started != null) {
      started.close();
      pool = null;
    }
  }
}
