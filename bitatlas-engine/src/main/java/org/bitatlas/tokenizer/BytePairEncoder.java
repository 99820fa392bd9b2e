package org.bitatlas.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Byte-pair encoding by rank: of all neighbouring pairs whose join is in the vocabulary, the one of
 * lowest rank is joined first, the leftmost of equals, until none is left.
 *
 * <p>Source: Sennrich et al., arXiv 1508.07909, in the byte-level form of tiktoken, where the rank
 * of a join is its token id and a stretch that is itself a token is taken whole. Bytes are held as
 * ISO-8859-1 strings, one character for each byte.
 */
final class BytePairEncoder {

  private final Map<String, Integer> ranks;

  /** An encoder over {@code ranks}, which hold all 256 single bytes. */
  BytePairEncoder(Map<String, Integer> ranks) {
    this.ranks = ranks;
  }

  /** Appends the ids of {@code stretch} to {@code ids}. */
  void encode(String stretch, IntSequence ids) {
    byte[] utf8 = stretch.getBytes(StandardCharsets.UTF_8);
    String bytes = new String(utf8, StandardCharsets.ISO_8859_1);
    Integer whole = ranks.get(bytes);
    if (whole != null) {
      ids.add(whole);
      return;
    }
    merge(bytes, ids);
  }

  /** A possible join of the parts [left, right) and [right, end); the queue is in rank order. */
  private record Join(int rank, int left, int right, int end) implements Comparable<Join> {
    @Override
    public int compareTo(Join other) {
      return rank != other.rank
          ? Integer.compare(rank, other.rank)
          : Integer.compare(left, other.left);
    }
  }

  private void merge(String bytes, IntSequence ids) {
    int length = bytes.length();
    // ends[i] is the end of the part that starts at i, 0 where no part starts.
    int[] ends = new int[length];
    int[] previous = new int[length + 1];
    Arrays.setAll(ends, i -> i + 1);
    Arrays.setAll(previous, i -> i - 1);
    PriorityQueue<Join> queue = new PriorityQueue<>();
    for (int i = 0; i + 1 < length; i++) {
      offer(queue, bytes, i, i + 1, i + 2);
    }
    while (!queue.isEmpty()) {
      Join join = queue.poll();
      boolean stale = ends[join.left] != join.right || ends[join.right] != join.end;
      if (stale) {
        continue;
      }
      ends[join.left] = join.end;
      ends[join.right] = 0;
      previous[join.end] = join.left;
      if (join.end < length) {
        offer(queue, bytes, join.left, join.end, ends[join.end]);
      }
      if (join.left > 0) {
        offer(queue, bytes, previous[join.left], join.left, join.end);
      }
    }
    for (int i = 0; i < length; i = ends[i]) {
      ids.add(rank(bytes.substring(i, ends[i])));
    }
  }

  private void offer(PriorityQueue<Join> queue, String bytes, int left, int right, int end) {
    Integer rank = ranks.get(bytes.substring(left, end));
    if (rank != null) {
      queue.add(new Join(rank, left, right, end));
    }
  }

  private int rank(String part) {
    Integer rank = ranks.get(part);
    if (rank == null) {
      throw new IllegalStateException("a part of a byte-pair encoding is in the vocabulary");
    }
    return rank;
  }
}
