package org.bitatlas.cli;

import java.util.Optional;
import org.bitatlas.model.Execution;
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

  @Mixin NumericsOption numerics;

  @Mixin DeviceOption device;

  /** Worker threads, at least 1. */
  int threads() {
    return threads.threads();
  }

  /** How quantized layers are computed: the numerics asked for, or the execution. */
  Execution execution() {
    if (numerics.emulation().isPresent() && execution.asked().isPresent()) {
      throw new UsageException(
          "--numerics %s is an execution of its own; leave --execution out."
              .formatted(numerics.emulation().get().numerics()));
    }
    return numerics.emulation().orElseGet(execution::execution);
  }

  /** The precision asked for, or the one that suits the numerics or this machine. */
  Precision precision() {
    return precision.orElseGet(() ->
        numerics.emulation().isPresent() ? Precision.BF16 : Precision.preferred().precision());
  }
}
