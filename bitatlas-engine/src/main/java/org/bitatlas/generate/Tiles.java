package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Cuts sequences into tiles of similar length, longest first, so that little padding is needed. */
final class Tiles {

  private Tiles() {}

  /**
   * The tiles, each an array of sequence indexes.
   *
   * @param lengths length of each sequence
   * @param maxRows most sequences of a tile
   * @param maxTokens most tokens of a tile, padding included; a longer sequence stands alone
   */
  static List<int[]> of(int[] lengths, int maxRows, int maxTokens) {
    int[] order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingInt(index -> -lengths[index])
                    .thenComparingInt(index -> index))
            .mapToInt(Integer::intValue)
            .toArray();
    List<int[]> tiles = new ArrayList<>();
    int start = 0;
    while (start < order.length) {
      int longest = Math.max(1, lengths[order[start]]);
      int rows =
          Math.min(Math.min(maxRows, Math.max(1, maxTokens / longest)), order.length - start);
      tiles.add(Arrays.copyOfRange(order, start, start + rows));
      start += rows;
    }
    return tiles;
  }
}
