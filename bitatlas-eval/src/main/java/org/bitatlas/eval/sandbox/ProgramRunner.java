package org.bitatlas.eval.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bitatlas.eval.sandbox.Verdict.Outcome;

/**
 * Runs many programs, several at a time. A program whose time was up runs once more, alone: on a
 * busy machine that says more.
 *
 * @param sandbox where they run
 * @param limits what each may use
 * @param threads how many run at the same time
 */
public record ProgramRunner(PythonSandbox sandbox, Limits limits, int threads) {

  /**
   * The verdicts, in the order of the programs.
   *
   * @throws CancellationException when interrupted; the interrupt stays pending
   */
  public List<Verdict> run(List<Program> programs) {
    try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
      try {
        List<Verdict> verdicts = new ArrayList<>(programs.size());
        List<Future<Verdict>> futures = new ArrayList<>(programs.size());
        for (Program program : programs) {
          futures.add(workers.submit(() -> sandbox.run(program, limits)));
        }
        for (Future<Verdict> future : futures) {
          verdicts.add(future.get());
        }
        for (int i = 0; i < verdicts.size(); i++) {
          if (verdicts.get(i).outcome() == Outcome.TIMEOUT) {
            verdicts.set(i, sandbox.run(programs.get(i), limits));
          }
        }
        return verdicts;
      } catch (InterruptedException interrupted) {
        workers.shutdownNow();
        Thread.currentThread().interrupt();
        throw new CancellationException("programs were interrupted");
      } catch (ExecutionException failed) {
        workers.shutdownNow();
        throw new IllegalStateException("a program could not be run", failed.getCause());
      }
    }
  }
}
