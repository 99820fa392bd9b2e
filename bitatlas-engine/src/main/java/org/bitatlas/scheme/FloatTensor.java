package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.List;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A float tensor that a method changed: a norm that absorbed a scale, a bias that did.
 *
 * @param shape sizes, outermost first
 * @param values the elements, row-major, fp32
 */
public record FloatTensor(List<Long> shape, float[] values) {

  /**
   * Checks count and values.
   *
   * @throws BitAtlasException when {@code values} does not fit {@code shape} or is not finite
   */
  public FloatTensor {
    long count = 1;
    for (long size : shape) {
      count = Math.multiplyExact(count, size);
    }
    if (count != values.length) {
      throw new BitAtlasException(
          "A float tensor of shape %s has %d values.".formatted(shape, values.length));
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException("A float tensor has a value that is not finite.");
      }
    }
  }

  /** A tensor of one dimension. */
  public static FloatTensor vector(float[] values) {
    return new FloatTensor(List.of((long) values.length), values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FloatTensor that
        && shape.equals(that.shape)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "FloatTensor" + shape;
  }
}
