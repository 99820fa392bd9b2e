package org.bitatlas.study;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/**
 * The key of a record: SHA-256 of the canonical JSON of its inputs, an object of strings with the
 * keys in code unit order and no white space, in UTF-8.
 */
public final class RecordKey {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private RecordKey() {}

  /** Lower-case hexadecimal key of {@code inputs}; their order does not matter. */
  public static String of(Map<String, String> inputs) {
    return sha256(JSON.writeValueAsString(new TreeMap<>(inputs)));
  }

  /** Lower-case hexadecimal SHA-256 of a text in UTF-8. */
  public static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
