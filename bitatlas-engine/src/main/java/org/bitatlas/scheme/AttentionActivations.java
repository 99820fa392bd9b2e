package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.Optional;

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
   * Checks that the two transforms come together.
   *
   * @throws IllegalArgumentException when one comes without the other
   */
  public AttentionActivations {
    if (headTransform.isPresent() != queryTransform.isPresent()) {
      throw new IllegalArgumentException("the transforms of keys and queries come together");
    }
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
