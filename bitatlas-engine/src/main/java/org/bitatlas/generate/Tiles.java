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
    int[] order = longestFirst(lengths);
    List<int[]> tiles = new ArrayList<>();
    int start = 0;
    while (start < order.length) {
      int rows = Math.min(rows(lengths[order[start]], maxRows, maxTokens), order.length - start);
      tiles.add(Arrays.copyOfRange(order, start, start + rows));
      start += rows;
    }
    return tiles;
  }

  /**
   * Tiles that take about the same time to generate for: sequences are dealt out in turn, longest
   * first, because long prompts mostly have long replies.
   *
   * @param count tiles, those that get nothing left out
   */
  static List<int[]> dealt(int[] lengths, int count) {
    int[] order = longestFirst(lengths);
    List<int[]> tiles = new ArrayList<>();
    for (int tile = 0; tile < Math.min(count, order.length); tile++) {
      tiles.add(
          IntStream.iterate(tile, place -> place < order.length, place -> place + count)
              .map(place -> order[place])
              .toArray());
    }
    return tiles;
  }

  private static int rows(int longest, int maxRows, int maxTokens) {
    return Math.min(maxRows, Math.max(1, maxTokens / Math.max(1, longest)));
  }

  private static int[] longestFirst(int[] lengths) {
    return IntStream.range(0, lengths.length)
        .boxed()
        .sorted(
            Comparator.<Integer>comparingInt(index -> -lengths[index])
                .thenComparingInt(index -> index))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
