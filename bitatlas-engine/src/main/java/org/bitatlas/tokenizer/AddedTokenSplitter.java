package org.bitatlas.tokenizer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Cuts a text at its added tokens: the leftmost occurrence first, the longest token where several
 * start at the same place. Flags are applied as transformers' slow tokenizers apply them. The
 * {@code normalized} flag changes nothing here, because none of these tokenizers normalizes text
 * before this step.
 */
final class AddedTokenSplitter {

  /** A stretch of text; {@code token} is present where the stretch is an added token. */
  record Segment(String text, Optional<AddedToken> token) {}

  private final TokenTrie trie = new TokenTrie();

  AddedTokenSplitter(Collection<AddedToken> tokens) {
    tokens.stream().filter(token -> !token.content().isEmpty()).forEach(trie::add);
  }

  /** The segments of {@code text} in order; none is empty. */
  List<Segment> split(String text) {
    List<Segment> segments = cut(text);
    for (int i = 0; i < segments.size(); i++) {
      Optional<AddedToken> found = segments.get(i).token();
      if (found.isPresent()) {
        applyFlags(segments, i, found.get());
      }
    }
    segments.removeIf(segment -> segment.text().isEmpty());
    return segments;
  }

  private List<Segment> cut(String text) {
    List<Segment> segments = new ArrayList<>();
    int plainStart = 0;
    int position = 0;
    while (position < text.length()) {
      Optional<AddedToken> found = trie.longestAt(text, position);
      if (found.isEmpty()) {
        position++;
        continue;
      }
      if (plainStart < position) {
        segments.add(plain(text.substring(plainStart, position)));
      }
      segments.add(new Segment(found.get().content(), found));
      position += found.get().content().length();
      plainStart = position;
    }
    if (plainStart < text.length()) {
      segments.add(plain(text.substring(plainStart)));
    }
    return segments;
  }

  private static void applyFlags(List<Segment> segments, int index, AddedToken token) {
    String left = index > 0 ? segments.get(index - 1).text() : "";
    String right = index + 1 < segments.size() ? segments.get(index + 1).text() : "";
    if (token.stripRight() && isPlain(segments, index + 1)) {
      segments.set(index + 1, plain(right.stripLeading()));
    }
    if (token.stripLeft() && isPlain(segments, index - 1)) {
      segments.set(index - 1, plain(left.stripTrailing()));
    }
    if (!token.singleWord()) {
      return;
    }
    if (!left.isEmpty() && !left.endsWith(" ")) {
      segments.set(index - 1, plain(segments.get(index - 1).text() + token.content()));
      segments.set(index, plain(""));
    } else if (!right.isEmpty() && !right.startsWith(" ")) {
      segments.set(index + 1, plain(token.content() + segments.get(index + 1).text()));
      segments.set(index, plain(""));
    }
  }

  private static boolean isPlain(List<Segment> segments, int index) {
    return index >= 0 && index < segments.size() && segments.get(index).token().isEmpty();
  }

  private static Segment plain(String text) {
    return new Segment(text, Optional.empty());
  }
}
