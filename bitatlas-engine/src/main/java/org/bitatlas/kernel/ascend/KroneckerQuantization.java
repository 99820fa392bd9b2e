package org.bitatlas.kernel.ascend;

import java.util.Optional;
import org.bitatlas.scheme.KroneckerSizes;

/**
 * What {@code npu_kronecker_quant} takes, the operator behind W4A4_FLATQUANT_DYNAMIC: two factors
 * of up to 256 (aclnnFlatQuant), and of the right one's size eight codes to an int32, which is what
 * vLLM-Ascend asks it for. The sizes follow from the width ({@link KroneckerSizes}).
 */
public final class KroneckerQuantization {

  private static final int LARGEST = 256;
  private static final int PACKED = 8;

  private KroneckerQuantization() {}

  /** Why an input of K features has no such transform there; empty where it has. */
  public static Optional<String> objection(int features) {
    Optional<KroneckerSizes> sizes = KroneckerSizes.of(features);
    if (sizes.isEmpty()) {
      return Optional.of(
          "%d features are no product of two even or two odd numbers".formatted(features));
    }
    int left = sizes.get().left();
    int right = sizes.get().right();
    boolean fits = left <= LARGEST && right <= LARGEST && right % PACKED == 0;
    return fits
        ? Optional.empty()
        : Optional.of(
            "the operator takes factors of up to 256, the right one a multiple of 8, and those of %d features have %d and %d"
                .formatted(features, left, right));
  }
}
