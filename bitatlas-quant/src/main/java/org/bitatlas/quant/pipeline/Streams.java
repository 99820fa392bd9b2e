package org.bitatlas.quant.pipeline;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * The streams a recipe needs.
 *
 * @param floats through the original blocks; transforms are searched on it, GPTAQ compares with it
 * @param quantized through the quantized blocks
 */
record Streams(Optional<ActivationStream> floats, Optional<ActivationStream> quantized)
    implements AutoCloseable {

  /** The stream rounding looks at. */
  Optional<ActivationStream> observed() {
    return quantized.or(() -> floats);
  }

  private Stream<ActivationStream> all() {
    return Stream.concat(floats.stream(), quantized.stream());
  }

  /** Gives up the states in front of the block before. */
  void forget() {
    all().forEach(ActivationStream::forget);
  }

  @Override
  public void close() {
    all().forEach(ActivationStream::close);
  }
}
