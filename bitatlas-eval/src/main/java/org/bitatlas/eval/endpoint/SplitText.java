package org.bitatlas.eval.endpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Pieces of a text in front of and behind a mark, which may stand across pieces.
 *
 * @param before pieces in front
 * @param after pieces behind
 */
record SplitText(List<String> before, List<String> after) {

  /** Splits at the last of any of the marks; empty where there is none. */
  static Optional<SplitText> at(List<String> pieces, List<String> marks) {
    String text = String.join("", pieces);
    int place = -1;
    int length = 0;
    for (String mark : marks) {
      int last = text.lastIndexOf(mark);
      if (last > place) {
        place = last;
        length = mark.length();
      }
    }
    return place < 0
        ? Optional.empty()
        : Optional.of(
            new SplitText(part(pieces, 0, place), part(pieces, place + length, text.length())));
  }

  /** The pieces of the characters {@code from} to {@code to}. */
  private static List<String> part(List<String> pieces, int from, int to) {
    List<String> part = new ArrayList<>();
    int start = 0;
    for (String piece : pieces) {
      int first = Math.max(from - start, 0);
      int last = Math.min(to - start, piece.length());
      if (first < last) {
        part.add(piece.substring(first, last));
      }
      start += piece.length();
    }
    return List.copyOf(part);
  }
}
