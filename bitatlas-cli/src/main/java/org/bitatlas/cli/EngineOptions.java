package org.bitatlas.cli;

import java.util.Optional;
import org.bitatlas.model.Precision;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that runs a model. */
final class EngineOptions {

  @Mixin ThreadsOption threads;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description = "fp32 or bf16 (default: what suits this CPU, see doctor).")
  Optional<Precision> precision = Optional.empty();

  @Mixin ExecutionOptions execution;

  @Mixin DeviceOption device;

  /** Worker threads, at least 1. */
  int threads() {
    return threads.threads();
  }

  /** The precision asked for, or the one that suits this machine. */
  Precision precision() {
    return precision.orElseGet(() -> Precision.preferred().precision());
  }
}
