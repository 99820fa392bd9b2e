package org.bitatlas.format.support;

import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Versions of a stack.
 *
 * @param from the first one, its release candidates included
 * @param through the last series, with everything that begins so (0.26 holds 0.26.1); empty for all
 *     later ones
 * @param main whether the development branch belongs to it
 */
public record VersionRange(StackVersion from, Optional<StackVersion> through, boolean main) {

  /**
   * Checks the order.
   *
   * @throws BitAtlasException when the range ends before it begins, or an end is not a number
   */
  public VersionRange {
    boolean named = from.isMain() || through.filter(StackVersion::isMain).isPresent();
    if (named || through.filter(last -> last.compareTo(from) < 0).isPresent()) {
      throw new BitAtlasException(
          "A range of versions goes from %s through %s; give two numbers in order, and main apart."
              .formatted(from, through.map(StackVersion::toString).orElse("all later ones")));
    }
  }

  /** Whether a version belongs to it. */
  public boolean contains(StackVersion version) {
    if (version.isMain()) {
      return main;
    }
    StackVersion firstCandidate = new StackVersion(from.numbers(), 0);
    return version.compareTo(firstCandidate) >= 0
        && through.map(last -> version.compareTo(last) <= 0 || version.isIn(last)).orElse(true);
  }

  /** In words, for example {@code 0.18.0 through 0.26}. */
  public String words() {
    String numbers = from + through.map(last -> " through " + last).orElse(" and later");
    return main ? numbers + ", and main" : numbers;
  }
}
