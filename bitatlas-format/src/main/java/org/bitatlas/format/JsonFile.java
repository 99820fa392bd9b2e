package org.bitatlas.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** JSON objects of a checkpoint's small files. */
public final class JsonFile {

  private static final long LARGEST_FILE = 64L << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private JsonFile() {}

  /** An empty object. */
  public static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /**
   * Reads a file that holds one object.
   *
   * @throws BitAtlasException when it is missing, too large, not valid JSON or something else
   */
  public static ObjectNode read(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new BitAtlasException(
            "The file %s is larger than %d bytes, expected a small JSON file."
                .formatted(file, LARGEST_FILE));
      }
      JsonNode node = JSON.readTree(Files.readAllBytes(file));
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new BitAtlasException("The file " + file + " holds no JSON object.");
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + file + ": " + e + ".", e);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The file %s is not valid JSON: %s.".formatted(file, e.getOriginalMessage()), e);
    }
  }

  /** The object as a file's content, indented, with a final line end. */
  public static byte[] content(ObjectNode object) {
    return (JSON.writeValueAsString(object) + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
