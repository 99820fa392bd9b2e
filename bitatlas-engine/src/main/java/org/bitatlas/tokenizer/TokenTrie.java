package org.bitatlas.tokenizer;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Finds the longest added token that starts at a place of a text. */
final class TokenTrie {

  private static final class Node {
    final Map<Character, Node> next = new HashMap<>();
    Optional<AddedToken> end = Optional.empty();
  }

  private final Node root = new Node();

  void add(AddedToken token) {
    Node node = root;
    for (int i = 0; i < token.content().length(); i++) {
      node = node.next.computeIfAbsent(token.content().charAt(i), key -> new Node());
    }
    node.end = Optional.of(token);
  }

  Optional<AddedToken> longestAt(String text, int start) {
    Optional<AddedToken> longest = Optional.empty();
    Node node = root;
    for (int i = start; i < text.length(); i++) {
      Node next = node.next.get(text.charAt(i));
      if (next == null) {
        break;
      }
      node = next;
      if (node.end.isPresent()) {
        longest = node.end;
      }
    }
    return longest;
  }
}
