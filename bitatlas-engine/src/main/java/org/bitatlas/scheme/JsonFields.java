package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A JSON object of a file, read strictly: a field is there, of its type and in its range, or the
 * file is refused with a sentence that names the place.
 *
 * @param file the file
 * @param place path of the object in it, names joined by blanks; empty for the whole
 */
record JsonFields(Path file, String place, JsonNode node) {

  /** Writes objects indented; refuses to read an object that has a field twice. */
  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private static final long LARGEST_FILE = 64L << 20;

  /**
   * Reads a file that holds one object.
   *
   * @throws BitAtlasException when it cannot be read, or holds something else
   */
  static JsonFields read(Path file) {
    JsonNode node;
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw malformed(file, "it is larger than " + LARGEST_FILE + " bytes");
      }
      node = JSON.readTree(Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + file + ": " + e + ".", e);
    } catch (JacksonException e) {
      throw malformed(file, "it is not valid JSON (" + e.getOriginalMessage() + ")");
    }
    if (!node.isObject()) {
      throw malformed(file, "it is not a JSON object");
    }
    return new JsonFields(file, "", node);
  }

  /** A whole number from {@code least} to {@code greatest}. */
  int integer(String field, int least, int greatest) {
    JsonNode value = node.path(field);
    if (!value.isInt() || value.intValue() < least || value.intValue() > greatest) {
      throw wrong(field, least + " to " + greatest, value);
    }
    return value.intValue();
  }

  /** A number, exactly as {@code ObjectNode.put(String, float)} wrote it. */
  float number(String field) {
    JsonNode value = node.path(field);
    if (!value.isNumber()) {
      throw wrong(field, "a number", value);
    }
    // By way of its decimal text: rounding twice, to double and to float, could differ.
    return Float.parseFloat(value.asString());
  }

  /** Whether there is such a field. */
  boolean has(String field) {
    return node.has(field);
  }

  /** True or false. */
  boolean flag(String field) {
    JsonNode value = node.path(field);
    if (!value.isBoolean()) {
      throw wrong(field, "true or false", value);
    }
    return value.booleanValue();
  }

  /** A string. */
  String text(String field) {
    JsonNode value = node.path(field);
    if (!value.isString()) {
      throw wrong(field, "a string", value);
    }
    return value.stringValue();
  }

  /** The sizes of a tensor. */
  List<Long> shape(String field) {
    JsonNode value = node.path(field);
    boolean sizes = value.isArray();
    for (JsonNode size : value) {
      sizes &= size.canConvertToExactIntegral() && size.longValue() >= 0;
    }
    if (!sizes) {
      throw wrong(field, "a list of sizes", value);
    }
    return value.valueStream().map(JsonNode::longValue).toList();
  }

  /** An object. */
  JsonFields object(String field) {
    JsonNode value = node.path(field);
    if (!value.isObject()) {
      throw wrong(field, "an object", value);
    }
    return new JsonFields(file, place.isEmpty() ? field : place + " " + field, value);
  }

  /** An object that may be absent. */
  Optional<JsonFields> optionalObject(String field) {
    return node.has(field) ? Optional.of(object(field)) : Optional.empty();
  }

  /** What {@code read} makes of every field of the object {@code field}, by name. */
  <T> SequencedMap<String, T> map(String field, BiFunction<JsonFields, String, T> read) {
    JsonFields fields = object(field);
    SequencedMap<String, T> values = new LinkedHashMap<>();
    for (String name : fields.node.propertyNames()) {
      values.put(name, read.apply(fields, name));
    }
    return values;
  }

  private BitAtlasException wrong(String field, String expected, JsonNode found) {
    return malformed("field " + field + " must be " + expected + ", found " + found);
  }

  /** The refusal of this object. */
  BitAtlasException malformed(String problem) {
    return malformed(file, place.isEmpty() ? problem : "in " + place + ", " + problem);
  }

  private static BitAtlasException malformed(Path file, String problem) {
    return new BitAtlasException(file + " is malformed: " + problem + ".");
  }
}
