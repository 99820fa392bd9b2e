package org.bitatlas.tokenizer;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.bitatlas.tensor.BitAtlasException;

/** Token texts by id and ids by text. */
final class TokenTable {

  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Integer, String> texts = new HashMap<>();
  private int size;

  /** Adds a token; a later text for the same id replaces the earlier one. */
  void put(int id, String text) {
    String previous = texts.put(id, text);
    if (previous != null) {
      ids.remove(previous, id);
    }
    ids.put(text, id);
    size = Math.max(size, id + 1);
  }

  OptionalInt idOf(String text) {
    Integer id = ids.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  boolean contains(int id) {
    return texts.containsKey(id);
  }

  String textOf(int id) {
    String text = texts.get(id);
    if (text == null) {
      throw new BitAtlasException(unknownId(id, size));
    }
    return text;
  }

  /** One more than the highest id. */
  int size() {
    return size;
  }

  static String unknownId(int id, int size) {
    return "There is no token "
        + id
        + ": this tokenizer's ids lie between 0 and "
        + (size - 1)
        + ".";
  }
}
