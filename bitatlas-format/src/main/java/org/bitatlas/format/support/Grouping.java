package org.bitatlas.format.support;

import java.util.List;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What may share a weight scale along a row.
 *
 * @param channel whether one scale for the whole row may be stored
 * @param sizes allowed numbers of weights per scale; empty when any multiple of {@code multipleOf}
 *     is
 * @param multipleOf step of the allowed group sizes; 0 when {@code sizes} lists them, or none is
 */
public record Grouping(boolean channel, List<Integer> sizes, int multipleOf) {

  /**
   * Checks that something is allowed.
   *
   * @throws BitAtlasException when nothing is, or a size is not positive
   */
  public Grouping {
    sizes = List.copyOf(sizes);
    boolean nothing = !channel && sizes.isEmpty() && multipleOf == 0;
    if (nothing || multipleOf < 0 || sizes.stream().anyMatch(size -> size < 1)) {
      throw new BitAtlasException(
          "A scheme allows the group sizes %s in steps of %d; give positive ones, or channel: true."
              .formatted(sizes, multipleOf));
    }
  }

  /** Whether a group size is allowed; 0 stands for one scale per output channel. */
  public boolean allows(int groupSize) {
    if (groupSize == 0) {
      return channel;
    }
    return sizes.contains(groupSize) || (multipleOf > 0 && groupSize % multipleOf == 0);
  }

  /** In words, for example {@code per channel or in groups of 32, 64, 128}. */
  public String words() {
    String groups = "";
    if (!sizes.isEmpty()) {
      groups = "in groups of " + String.join(", ", sizes.stream().map(String::valueOf).toList());
    } else if (multipleOf > 0) {
      groups = "in groups of any multiple of " + multipleOf;
    }
    if (!channel) {
      return groups;
    }
    return groups.isEmpty() ? "per channel" : "per channel or " + groups;
  }
}
