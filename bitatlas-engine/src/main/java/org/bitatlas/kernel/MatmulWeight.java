package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;

/**
 * A weight before it is packed.
 *
 * @param type I8, BF16 or F32
 * @param values W [N x K], row-major; on or off the heap
 * @param outputFeatures N
 * @param inputFeatures K
 * @param channelScales a factor per output feature [N]: with codes, the step of the weight times
 *     that of the activations where they have one for all tokens
 * @param bias added after the factor [N]
 */
public record MatmulWeight(
    ElementType type,
    MemorySegment values,
    int outputFeatures,
    int inputFeatures,
    Optional<float[]> channelScales,
    Optional<float[]> bias) {

  /** A weight whose parts fit together. */
  public MatmulWeight {
    if (outputFeatures < 1 || inputFeatures < 1) {
      throw new IllegalArgumentException(
          "a weight of %d x %d".formatted(outputFeatures, inputFeatures));
    }
    long bytes = (long) outputFeatures * inputFeatures * type.bits() / Byte.SIZE;
    if (values.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "%d bytes for W [%d x %d] of %s; expected %d"
              .formatted(values.byteSize(), outputFeatures, inputFeatures, type, bytes));
    }
    requireLength(channelScales, "scales", outputFeatures);
    requireLength(bias, "bias", outputFeatures);
  }

  private static void requireLength(Optional<float[]> values, String what, int outputFeatures) {
    if (values.isPresent() && values.get().length != outputFeatures) {
      throw new IllegalArgumentException(
          "%d values of %s for %d output features"
              .formatted(values.get().length, what, outputFeatures));
    }
  }

  /** Codes -128 .. 127, W [N x K] row-major. */
  public static MatmulWeight codes(byte[] codes, int outputFeatures, int inputFeatures) {
    return of(ElementType.I8, MemorySegment.ofArray(codes), outputFeatures, inputFeatures);
  }

  /** Elements of a type, W [N x K] row-major, without scales or bias. */
  public static MatmulWeight of(
      ElementType type, MemorySegment values, int outputFeatures, int inputFeatures) {
    return new MatmulWeight(
        type, values, outputFeatures, inputFeatures, Optional.empty(), Optional.empty());
  }

  /** This weight with a factor per output feature. */
  public MatmulWeight withChannelScales(float... scales) {
    return new MatmulWeight(type, values, outputFeatures, inputFeatures, Optional.of(scales), bias);
  }

  /** This weight with a bias. */
  public MatmulWeight withBias(float... values) {
    return new MatmulWeight(
        type, this.values, outputFeatures, inputFeatures, channelScales, Optional.of(values));
  }
}
