package org.bitatlas.study.bench;

import java.util.Optional;
import java.util.OptionalLong;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.model.Execution;
import org.bitatlas.model.Precision;
import org.bitatlas.tensor.BitAtlasException;

/** Whether a scheme fits the memory, known before hours are spent on the others. */
final class MemoryNeed {

  private static final double GIBIBYTE = 1L << 30;

  private MemoryNeed() {}

  /**
   * Compares the weights of a scheme in memory with what is available.
   *
   * @param scheme empty for a folder that is itself quantized
   * @throws BitAtlasException when they do not fit
   */
  static void check(BenchSubject subject, Optional<Scheme> scheme, BenchOptions options) {
    if (!options.device().isHost()) {
      return; // of another device's memory nothing is known
    }
    OptionalLong available = ProcessMemory.available();
    Precision precision = scheme.flatMap(Scheme::precision).orElse(options.precision());
    double elements = 0;
    double linears = LoadedScheme.linearWeights(subject.architecture());
    for (var shape :
        CheckpointValidation.expectedTensors(subject.architecture()).sequencedValues()) {
      double count = 1;
      for (long size : shape) {
        count *= size;
      }
      elements += count;
    }
    int bits = precision.elementType().bits();
    double bytes =
        ((elements - linears) * bits + linears * bitsInMemory(scheme, options, bits)) / Byte.SIZE;
    if (available.isPresent() && bytes > available.getAsLong()) {
      throw new BitAtlasException(
          "Scheme %s of %s needs %.1f GiB for its weights, but %.1f GiB are available; measure fewer layers (--shape NAME:4-layers) or leave it out with --schemes."
              .formatted(
                  scheme.map(Scheme::name).orElse(BenchOptions.STORED),
                  subject.name(),
                  bytes / GIBIBYTE,
                  available.getAsLong() / GIBIBYTE));
    }
  }

  /** Bits of a weight of a linear layer: products of many rows of integers have a copy in bytes. */
  private static int bitsInMemory(Optional<Scheme> scheme, BenchOptions options, int bitsOfFloats) {
    if (options.execution() == Execution.SIMULATED || scheme.isEmpty()) {
      return bitsOfFloats;
    }
    int copy = scheme.get().activations().isPresent() ? Byte.SIZE : 0;
    return scheme.get().weights().map(weights -> weights.bits() + copy).orElse(bitsOfFloats);
  }
}
