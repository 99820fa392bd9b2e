package org.bitatlas.eval.endpoint;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** Runs numbered requests, a fixed number at a time. */
final class RequestPool {

  private RequestPool() {}

  /**
   * Runs {@code task} for 0 to {@code count} - 1. The first failure stops the rest and is thrown;
   * what was finished before stays.
   *
   * @throws CancellationException when the calling thread is interrupted
   */
  static void run(int count, int concurrency, IntConsumer task) {
    try (ExecutorService workers =
        Executors.newFixedThreadPool(
            Math.max(1, Math.min(count, concurrency)),
            Thread.ofVirtual().name("endpoint-", 0).factory())) {
      ExecutorCompletionService<Integer> done = new ExecutorCompletionService<>(workers);
      List<Integer> all = IntStream.range(0, count).boxed().toList();
      try {
        all.forEach(i -> done.submit(() -> task.accept(i), i));
        for (int i = 0; i < count; i++) {
          done.take().get();
        }
      } catch (InterruptedException e) {
        workers.shutdownNow();
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted");
      } catch (ExecutionException e) {
        workers.shutdownNow();
        switch (e.getCause()) {
          case RuntimeException failure -> throw failure;
          case Error failure -> throw failure;
          case null, default -> throw new IllegalStateException(e.getCause());
        }
      }
    }
  }
}
