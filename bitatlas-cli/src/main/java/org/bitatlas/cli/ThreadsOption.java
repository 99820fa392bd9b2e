package org.bitatlas.cli;

import java.util.Optional;
import picocli.CommandLine.Option;

/** How many worker threads share the cores. */
final class ThreadsOption {

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Worker threads (default: one per core). Results do not depend on it.")
  Optional<Integer> asked = Optional.empty();

  /** Worker threads, at least 1. */
  int threads() {
    int threads = asked.orElseGet(() -> Runtime.getRuntime().availableProcessors());
    if (threads < 1) {
      throw new UsageException("--threads is " + threads + "; give at least 1.");
    }
    return threads;
  }
}
