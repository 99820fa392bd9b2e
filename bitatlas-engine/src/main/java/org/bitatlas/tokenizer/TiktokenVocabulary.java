package org.bitatlas.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Ranks of a tiktoken file: one line per token, its bytes in base64, a space, its rank.
 *
 * @param ranks rank of each byte string (as ISO-8859-1)
 */
record TiktokenVocabulary(Map<String, Integer> ranks) {

  private static final int LONGEST_FIRST_LINE = 512;

  /** Whether a file looks like a tiktoken vocabulary rather than a SentencePiece model. */
  static boolean matches(byte[] file) {
    int end = 0;
    while (end < file.length && end < LONGEST_FIRST_LINE && file[end] != '\n') {
      end++;
    }
    String first = new String(file, 0, end, StandardCharsets.ISO_8859_1);
    return first.stripTrailing().matches("[A-Za-z0-9+/]+={0,2} [0-9]+");
  }

  /**
   * Reads and checks a vocabulary.
   *
   * @param name the file, for error messages
   */
  static TiktokenVocabulary read(String name, byte[] file) {
    Map<String, Integer> ranks = HashMap.newHashMap(1 << 17);
    int number = 0;
    for (String line : new String(file, StandardCharsets.ISO_8859_1).split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        readLine(name, number, line.strip(), ranks);
      }
    }
    for (int value = 0; value < 256; value++) {
      if (!ranks.containsKey(String.valueOf((char) value))) {
        throw new BitAtlasException(
            name + " has no token for the byte " + value + "; fetch the file again.");
      }
    }
    return new TiktokenVocabulary(Map.copyOf(ranks));
  }

  /** Byte strings by rank. */
  List<String> byRank() {
    List<String> tokens = new ArrayList<>(java.util.Collections.nCopies(ranks.size(), ""));
    ranks.forEach((token, rank) -> tokens.set(rank, token));
    return tokens;
  }

  private static void readLine(String name, int number, String line, Map<String, Integer> ranks) {
    int space = line.indexOf(' ');
    String token;
    int rank;
    try {
      byte[] bytes = Base64.getDecoder().decode(line.substring(0, Math.max(space, 0)));
      token = new String(bytes, StandardCharsets.ISO_8859_1);
      rank = Integer.parseInt(line.substring(space + 1));
    } catch (IllegalArgumentException e) {
      throw malformed(name, number, e);
    }
    // Ranks are the ids, so they must be 0, 1, 2, ... without a gap.
    if (token.isEmpty() || rank != ranks.size() || ranks.put(token, rank) != null) {
      throw malformed(name, number, new IllegalArgumentException("rank " + rank));
    }
  }

  private static BitAtlasException malformed(String name, int number, Exception cause) {
    return new BitAtlasException(
        name
            + ", line "
            + number
            + ": expected the base64 of a new token, a space and the next rank; fetch the file again.",
        cause);
  }
}
