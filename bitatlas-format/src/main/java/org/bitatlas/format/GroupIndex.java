package org.bitatlas.format;

import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/** The groups of a layer's columns as act-order leaves them. */
public final class GroupIndex {

  private GroupIndex() {}

  /**
   * The index of scattered groups; none when every column lies where its group size puts it.
   *
   * @param index group of each column [K]
   * @param groups number of groups G
   * @param groupSize columns that share a scale
   * @param module name of the layer, for the message
   * @param folder of the checkpoint, for the message
   * @throws BitAtlasException when a group is not one of 0 .. G - 1
   */
  public static Optional<int[]> scattered(
      int[] index, int groups, int groupSize, String module, Path folder) {
    boolean inOrder = true;
    for (int k = 0; k < index.length; k++) {
      if (index[k] < 0 || index[k] >= groups) {
        throw new BitAtlasException(
            "Layer %s in %s puts column %d into group %d, expected 0 to %d."
                .formatted(module, folder, k, index[k], groups - 1));
      }
      inOrder &= index[k] == k / groupSize;
    }
    return inOrder ? Optional.empty() : Optional.of(index);
  }
}
