package org.bitatlas.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run the tiles of one task at a time; the calling thread is one of them. A product of
 * one row takes some 100 microseconds, so workers look for the next task for a short while before
 * they sleep. Running a task allocates nothing.
 */
public final class TilePool implements AutoCloseable {

  /** Looks for a task before a worker sleeps; some 50 microseconds. */
  private static final int LOOKS = 2000;

  private final Worker[] workers;
  private final RowScratch callerScratch = new RowScratch();
  private final AtomicInteger nextTile = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private TileTask task = new NoTask();
  private volatile int round;
  private volatile boolean closed;

  /**
   * Starts the threads.
   *
   * @param threads threads that compute, the caller's included; at least 1
   */
  public TilePool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads");
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(this, "bitatlas-tiles-" + (i + 1));
      workers[i].start();
    }
  }

  /** Threads that compute, the caller's included. */
  public int threads() {
    return workers.length + 1;
  }

  /**
   * Runs all tiles of a task and returns when the last has ended. Calls from several threads take
   * turns.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public synchronized void run(TileTask newTask) {
    if (closed) {
      throw new IllegalStateException("The tile pool was used after it was closed.");
    }
    if (workers.length == 0 || newTask.tileCount() == 1) {
      for (int tile = 0; tile < newTask.tileCount(); tile++) {
        newTask.runTile(tile, callerScratch);
      }
      return;
    }
    task = newTask;
    nextTile.set(0);
    busy.set(workers.length);
    round++;
    for (Worker worker : workers) {
      if (worker.asleep) {
        LockSupport.unpark(worker);
      }
    }
    work(callerScratch);
    for (int look = 0; busy.get() > 0; look++) {
      if (look < LOOKS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    @Nullable Throwable thrown = failure.getAndSet(null);
    switch (thrown) {
      case null -> {}
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      default -> throw new IllegalStateException(thrown);
    }
  }

  private void work(RowScratch scratch) {
    try {
      int tiles = task.tileCount();
      for (int tile = nextTile.getAndIncrement(); tile < tiles; tile = nextTile.getAndIncrement()) {
        task.runTile(tile, scratch);
      }
    } catch (Throwable thrown) {
      failure.compareAndSet(null, thrown);
      nextTile.set(Integer.MAX_VALUE / 2);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Worker extends Thread {
    private final TilePool pool;
    private final RowScratch scratch = new RowScratch();
    private volatile boolean asleep;

    Worker(TilePool pool, String name) {
      super(name);
      this.pool = pool;
      setDaemon(true);
    }

    @Override
    public void run() {
      int done = 0;
      int looks = 0;
      while (!pool.closed) {
        if (pool.round != done) {
          done++;
          looks = 0;
          pool.work(scratch);
          pool.busy.decrementAndGet();
        } else if (looks < LOOKS) {
          looks++;
          Thread.onSpinWait();
        } else {
          asleep = true;
          if (pool.round == done && !pool.closed) {
            LockSupport.park(pool);
          }
          asleep = false;
        }
      }
    }
  }

  private static final class NoTask implements TileTask {
    @Override
    public int tileCount() {
      return 0;
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {}
  }
}
