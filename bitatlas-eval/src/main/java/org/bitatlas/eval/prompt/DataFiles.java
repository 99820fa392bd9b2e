package org.bitatlas.eval.prompt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bitatlas.eval.parquet.ParquetFile;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads files of records (JSON Lines, a JSON list, CSV, TSV, Parquet) and keeps a digest of them
 * all.
 */
final class DataFiles {

  /** Endings that are read, the better ones first. */
  static final List<String> ENDINGS = List.of(".jsonl", ".json", ".csv", ".tsv", ".parquet");

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Path root;
  private final MessageDigest digest;

  DataFiles(Path root) {
    this.root = root;
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The records of a file, at least one. */
  List<Document> read(Path file) {
    byte[] content = bytes(file);
    String name = root.relativize(file) + "\n" + content.length + "\n";
    digest.update(name.getBytes(StandardCharsets.UTF_8));
    digest.update(content);
    List<Document> documents =
        file.toString().endsWith(".parquet")
            ? parquet(file.toString(), content)
            : documents(file.toString(), text(file, content));
    if (documents.isEmpty()) {
      throw new BitAtlasException(file + " has no records.");
    }
    return documents;
  }

  private static List<Document> documents(String file, String text) {
    if (file.endsWith(".csv") || file.endsWith(".tsv")) {
      return SeparatedValues.documents(file, text);
    }
    List<Document> documents = new ArrayList<>();
    if (file.endsWith(".json") && text.stripLeading().startsWith("[")) {
      for (JsonNode node : tree(file, text)) {
        documents.add(document(file + ", record " + (documents.size() + 1), node));
      }
      return documents;
    }
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        String place = file + ", line " + number;
        documents.add(document(place, tree(place, line)));
      }
    }
    return documents;
  }

  private static List<Document> parquet(String file, byte[] content) {
    List<Document> documents = new ArrayList<>();
    for (Map<String, Object> record : ParquetFile.read(file, content)) {
      documents.add(new Document(file + ", record " + (documents.size() + 1), record));
    }
    return documents;
  }

  private static JsonNode tree(String place, String text) {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      throw new BitAtlasException(place + ": not valid JSON: " + e.getOriginalMessage() + ".", e);
    }
  }

  private static Document document(String place, JsonNode node) {
    if (!node.isObject()) {
      throw new BitAtlasException(place + ": expected a JSON object with the fields of a record.");
    }
    return Document.of(place, node);
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BitAtlasException("The file " + file + " cannot be read: " + e + ".", e);
    }
  }

  private static String text(Path file, byte[] content) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
    } catch (CharacterCodingException e) {
      throw new BitAtlasException(file + " is not UTF-8 text; convert it to UTF-8.", e);
    }
  }

  /** SHA-256 over names and bytes of what was read so far. */
  String digest() {
    try {
      return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("SHA-256 can be cloned on every Java platform", e);
    }
  }
}
