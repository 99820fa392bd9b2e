package org.bitatlas.study.imports;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of results that another program wrote: lm-evaluation-harness's {@code results_*.json}
 * (with its {@code samples_*.jsonl} beside it), {@code vllm bench serve} or {@code
 * benchmark_serving.py}, {@code vllm bench throughput}.
 *
 * @param path the file
 * @param sha256 of its bytes
 * @param root its content
 */
public record ResultFile(Path path, String sha256, JsonNode root) {
  static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final long MOST_BYTES = 256L << 20;

  /**
   * The cells of a file.
   *
   * @throws BitAtlasException when it cannot be read, or its layout is none of these
   */
  public static List<Imported> read(Path path, ImportLabel label) {
    ResultFile file = open(path);
    try {
      return cells(file, label);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The file %s has a value of another kind than its layout says; see that nothing has changed it."
              .formatted(path),
          e);
    }
  }

  private static List<Imported> cells(ResultFile file, ImportLabel label) {
    if (HarnessResults.matches(file.root())) {
      return new HarnessResults(file, label).cells();
    }
    if (VllmBenchmark.matches(file.root())) {
      return List.of(new VllmBenchmark(file, label).cell());
    }
    throw new BitAtlasException(
        "The file %s is no result of a known layout; expected results_*.json of lm-evaluation-harness, or the JSON of vllm bench serve or vllm bench throughput."
            .formatted(file.path()));
  }

  private static ResultFile open(Path path) {
    try {
      if (Files.size(path) > MOST_BYTES) {
        throw new BitAtlasException(
            "The file %s has more than %d MiB; give the file of aggregated results."
                .formatted(path, MOST_BYTES >> 20));
      }
      byte[] bytes = Files.readAllBytes(path);
      return new ResultFile(path, HexFormat.of().formatHex(digest().digest(bytes)), json(bytes));
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The file %s is not JSON; give a file of results.".formatted(path), e);
    } catch (IOException e) {
      throw new BitAtlasException("The file %s cannot be read: %s.".formatted(path, e), e);
    }
  }

  private static JsonNode json(byte[] bytes) {
    return JSON.readTree(bytes);
  }

  /** SHA-256 of a file that may be large. */
  static String sha256(Path path) throws IOException {
    MessageDigest digest = digest();
    try (InputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Name of the file, without its folder. */
  String name() {
    return String.valueOf(path.getFileName());
  }
}
