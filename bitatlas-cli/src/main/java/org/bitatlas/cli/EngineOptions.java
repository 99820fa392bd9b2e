package org.bitatlas.cli;

import java.util.Optional;
import org.bitatlas.model.Precision;
import picocli.CommandLine.Option;

/** Options of every command that runs a model. */
final class EngineOptions {

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Worker threads (default: one per core). Results do not depend on it.")
  Optional<Integer> threads = Optional.empty();

  @Option(
      names = "--precision",
      paramLabel = "P",
      description = "fp32 or bf16 (default: what suits this CPU, see doctor).")
  Optional<Precision> precision = Optional.empty();

  /** Worker threads, at least 1. */
  int threads() {
    return threads(threads);
  }

  /** The precision asked for, or the one that suits this machine. */
  Precision precision() {
    return precision.orElseGet(() -> Precision.preferred().precision());
  }

  static int threads(Optional<Integer> asked) {
    int threads = asked.orElseGet(() -> Runtime.getRuntime().availableProcessors());
    if (threads < 1) {
      throw new UsageException("--threads is " + threads + "; give at least 1.");
    }
    return threads;
  }
}
