package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What happens between the rotary embedding and attention in one block.
 *
 * @param headTransform H [d x d], row-major: every rotated key head k becomes k H, every rotated
 *     query head q becomes q H^-T, so that q k^T does not change (FlatQuant's kcache transform)
 * @param queryTransform H^-T [d x d], row-major; present exactly when {@code headTransform} is
 * @param key rounding of the keys as they go into the cache, after the transform
 * @param value rounding of the values as they go into the cache
 */
public record AttentionActivations(
    Optional<float[]> headTransform,
    Optional<float[]> queryTransform,
    Optional<ActivationQuantizer> key,
    Optional<ActivationQuantizer> value) {

  /** Nothing happens. */
  public static final AttentionActivations NONE =
      new AttentionActivations(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * Checks that the two transforms come together, square and of one size.
   *
   * @throws IllegalArgumentException when one comes without the other
   * @throws BitAtlasException when they are not square, of different size or not finite
   */
  public AttentionActivations {
    if (headTransform.isPresent() != queryTransform.isPresent()) {
      throw new IllegalArgumentException("the transforms of keys and queries come together");
    }
    headTransform.ifPresent(matrix -> require(matrix, size(headTransform)));
    queryTransform.ifPresent(matrix -> require(matrix, size(headTransform)));
  }

  private static int size(Optional<float[]> matrix) {
    return (int) Math.round(Math.sqrt(matrix.map(values -> values.length).orElse(0)));
  }

  private static void require(float[] matrix, int size) {
    if (matrix.length != (long) size * size) {
      throw new BitAtlasException(
          "A transform of heads is malformed: %d values for [%d x %d]."
              .formatted(matrix.length, size, size));
    }
    for (float value : matrix) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException("A transform of heads is not finite.");
      }
    }
  }

  /** d of the transforms [d x d]; 0 without any. */
  public int headDimension() {
    return size(headTransform);
  }

  /** A cache whose keys and values are rounded. */
  public static AttentionActivations rounding(ActivationQuantizer cache) {
    return new AttentionActivations(
        Optional.empty(), Optional.empty(), Optional.of(cache), Optional.of(cache));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AttentionActivations that
        && KroneckerTransform.same(headTransform, that.headTransform)
        && KroneckerTransform.same(queryTransform, that.queryTransform)
        && key.equals(that.key)
        && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * headTransform.map(Arrays::hashCode).orElse(0) + key.hashCode())
        + value.hashCode();
  }

  @Override
  public String toString() {
    return "AttentionActivations[transform %s, key %s, value %s]"
        .formatted(headTransform.isPresent(), key, value);
  }
}
