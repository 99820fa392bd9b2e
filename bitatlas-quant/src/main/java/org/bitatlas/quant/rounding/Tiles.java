package org.bitatlas.quant.rounding;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
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
  private final ThreadPoolExecutor executor;

  /**
   * A pool of daemon threads.
   *
   * @param threads at least 1
   */
  public Tiles(int threads) {
    this.threads = Math.max(1, threads);
    this.executor =
        new ThreadPoolExecutor(
            this.threads,
            this.threads,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("quant-", 0).factory());
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
   * most two results per thread are held at a time. However it ends, no tile is running when it
   * returns or throws: the caller may free what the tiles read.
   */
  public <T> void mapInOrder(
      int count, IntFunction<? extends T> produce, Consumer<? super T> consume) {
    Deque<FutureTask<T>> pending = new ArrayDeque<>();
    try {
      int submitted = 0;
      for (int tile = 0; tile < count; tile++) {
        while (submitted < count && submitted < tile + 2 * threads) {
          int number = submitted++;
          FutureTask<T> task = new FutureTask<>(() -> produce.apply(number));
          pending.add(task);
          executor.execute(task);
        }
        // A finished tile is handed out without a look at the interrupt flag.
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        // A tile leaves the queue when it has ended: an interrupt must not lose sight of it.
        T result = pending.getFirst().get();
        pending.removeFirst();
        consume.accept(result);
      }
    } catch (InterruptedException e) {
      CancellationException cancelled = new CancellationException("quantization was interrupted");
      cancelled.initCause(e);
      abandon(pending, cancelled);
      Thread.currentThread().interrupt();
      throw cancelled;
    } catch (ExecutionException e) {
      pending.removeFirst();
      Throwable failure = causeOf(e);
      abandon(pending, failure);
      throw rethrown(failure);
    } catch (RuntimeException | Error e) {
      abandon(pending, e);
      throw e;
    }
  }

  /**
   * Drops the tiles that have not begun and waits for those that run. They are not interrupted: an
   * interrupt would close the files they read.
   */
  private <T> void abandon(Deque<FutureTask<T>> pending, Throwable reason) {
    pending.removeIf(executor::remove);
    boolean interrupted = false;
    while (!pending.isEmpty()) {
      try {
        pending.getFirst().get();
        pending.removeFirst();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        pending.removeFirst();
        reason.addSuppressed(causeOf(e));
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static Throwable causeOf(ExecutionException failure) {
    return Objects.requireNonNullElse(failure.getCause(), failure);
  }

  private static RuntimeException rethrown(Throwable failure) {
    return switch (failure) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      default -> new IllegalStateException(failure);
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
