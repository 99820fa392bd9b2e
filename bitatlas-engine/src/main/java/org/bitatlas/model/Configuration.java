package org.bitatlas.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A JSON object with typed access to its keys. A key that is absent or null is not set; a key of
 * the wrong type is an error that names file and key.
 *
 * @param file the file, for error messages
 * @param prefix what stands before the key in error messages, for example {@code rope_scaling.}
 * @param object the object
 */
record Configuration(Path file, String prefix, JsonNode object) {

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .build();

  static Configuration read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new BitAtlasException(
          "The configuration " + file + " is missing: expected the config.json of a checkpoint.");
    }
    JsonNode root;
    try {
      root = JSON.readTree(file);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "Cannot read the configuration " + file + ": " + e.getOriginalMessage() + ".", e);
    }
    if (!root.isObject()) {
      throw new BitAtlasException("The configuration " + file + " is not a JSON object.");
    }
    return new Configuration(file, "", root);
  }

  /** The value of a key that is set. */
  Optional<JsonNode> find(String key) {
    JsonNode value = object.path(key);
    return value.isMissingNode() || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  Optional<Configuration> findObject(String key) {
    return find(key)
        .map(value -> {
          if (!value.isObject()) {
            throw wrongType(key, value, "an object");
          }
          return new Configuration(file, prefix + key + ".", value);
        });
  }

  Optional<String> findText(String key) {
    return find(key)
        .map(value -> {
          if (!value.isString()) {
            throw wrongType(key, value, "a string");
          }
          return value.stringValue();
        });
  }

  Optional<Integer> findInteger(String key) {
    return find(key).map(value -> integer(key, value));
  }

  Optional<Double> findNumber(String key) {
    return find(key)
        .map(value -> {
          if (!value.isNumber()) {
            throw wrongType(key, value, "a number");
          }
          return value.doubleValue();
        });
  }

  /** One integer, or a list of them; empty when not set. */
  List<Integer> integers(String key) {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty() || !value.get().isArray()) {
      return value.map(single -> List.of(integer(key, single))).orElse(List.of());
    }
    List<Integer> integers = new ArrayList<>();
    for (JsonNode element : value.get()) {
      integers.add(integer(key, element));
    }
    return List.copyOf(integers);
  }

  /** A list of strings, or empty when not set. */
  Optional<List<String>> findTexts(String key) {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (!value.get().isArray()) {
      throw wrongType(key, value.get(), "a list of strings");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode element : value.get()) {
      if (!element.isString()) {
        throw wrongType(key, element, "a list of strings");
      }
      texts.add(element.stringValue());
    }
    return Optional.of(List.copyOf(texts));
  }

  boolean flag(String key, boolean otherwise) {
    return find(key)
        .map(value -> {
          if (!value.isBoolean()) {
            throw wrongType(key, value, "true or false");
          }
          return value.booleanValue();
        })
        .orElse(otherwise);
  }

  /** A required integer of at least 1. */
  int requireSize(String key) {
    return positive(key, findInteger(key).orElseThrow(() -> missing(key, "a positive integer")));
  }

  /** An integer of at least 1, or {@code otherwise} when not set. */
  int size(String key, int otherwise) {
    return positive(key, findInteger(key).orElse(otherwise));
  }

  /** A required finite number above 0. */
  double requirePositive(String key) {
    return positive(key, findNumber(key).orElseThrow(() -> missing(key, "a positive number")));
  }

  /** A finite number above 0, or {@code otherwise} when not set. */
  double positive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw invalid(key, "is " + value + "; expected a positive number");
    }
    return value;
  }

  /** An error that names the file and the key. */
  BitAtlasException invalid(String key, String problem) {
    return new BitAtlasException(
        "In the configuration " + file + " key '" + prefix + key + "' " + problem + ".");
  }

  private int positive(String key, int value) {
    if (value < 1) {
      throw invalid(key, "is " + value + "; expected a positive integer");
    }
    return value;
  }

  private int integer(String key, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrongType(key, value, "an integer of 32 bits");
    }
    return value.intValue();
  }

  private BitAtlasException missing(String key, String expected) {
    return invalid(key, "is missing; expected " + expected);
  }

  private BitAtlasException wrongType(String key, JsonNode value, String expected) {
    String text = value.toString();
    String shown = text.length() <= 40 ? text : text.substring(0, 40) + "...";
    return invalid(key, "is " + shown + "; expected " + expected);
  }
}
