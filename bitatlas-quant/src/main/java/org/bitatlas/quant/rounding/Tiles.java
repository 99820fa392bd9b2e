package org.bitatlas.quant.rounding;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * Runs numbered tiles of work on a fixed number of threads. What a tile is does not depend on the
 * number of threads, and results are consumed in tile order, so results do not depend on it either.
 * Interrupting the calling thread cancels the work: {@link CancellationException}, with the
 * interrupt flag set.
 */
public final class Tiles implements AutoCloseable {

  private final int threads;
  private final ExecutorService executor;

  /**
   * A pool of daemon threads.
   *
   * @param threads at least 1
   */
  public Tiles(int threads) {
    this.threads = Math.max(1, threads);
    this.executor =
        Executors.newFixedThreadPool(
            this.threads, Thread.ofPlatform().daemon().name("quant-", 0).factory());
  }

  /** Runs {@code body} for 0 .. count - 1, in any order; returns when all are done. */
  public void forEach(int count, IntConsumer body) {
    mapInOrder(
        count,
        tile -> {
          body.accept(tile);
          return tile;
        },
        tile -> {});
  }

  /**
   * Computes a result per tile and consumes the results in tile order on the calling thread. At
   * most two results per thread are held at a time.
   */
  public <T> void mapInOrder(
      int count, IntFunction<? extends T> produce, Consumer<? super T> consume) {
    Deque<Future<T>> pending = new ArrayDeque<>();
    try {
      int submitted = 0;
      for (int tile = 0; tile < count; tile++) {
        while (submitted < count && submitted < tile + 2 * threads) {
          int number = submitted++;
          Callable<T> task = () -> produce.apply(number);
          pending.add(executor.submit(task));
        }
        // A finished tile is handed out without a look at the interrupt flag.
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        consume.accept(pending.remove().get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled = new CancellationException("quantization was interrupted");
      cancelled.initCause(e);
      throw cancelled;
    } catch (ExecutionException e) {
      throw rethrown(e);
    } finally {
      pending.forEach(future -> future.cancel(true));
    }
  }

  private static RuntimeException rethrown(ExecutionException failure) {
    return switch (failure.getCause()) {
      case RuntimeException cause -> cause;
      case Error cause -> throw cause;
      case null, default -> new IllegalStateException(failure);
    };
  }

  /** Stops the threads after the tiles they are working on. */
  @Override
  public void close() {
    executor.shutdownNow();
    boolean interrupted = false;
    while (!executor.isTerminated()) {
      try {
        executor.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
