package org.bitatlas.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * One mapping of a YAML file, read key by key. Every mistake becomes one sentence that names the
 * file, the place in it and what is allowed.
 */
final class YamlFields {
  private final String file;
  private final String path;
  private final JsonNode node;

  YamlFields(String file, String path, JsonNode node) {
    this.file = file;
    this.path = path;
    this.node = node;
    if (!node.isObject()) {
      throw wrong("", "is " + shown(node), "a mapping of keys to values");
    }
  }

  /** Refuses keys that are not in {@code allowed}. */
  YamlFields only(Set<String> allowed) {
    for (String key : node.propertyNames()) {
      if (!allowed.contains(key)) {
        String place = path.isEmpty() ? "" : path + " ";
        throw new BitAtlasException(
            file
                + ": "
                + place
                + "has the unknown key '"
                + key
                + "'; allowed keys: "
                + String.join(", ", new TreeSet<>(allowed))
                + ".");
      }
    }
    return this;
  }

  boolean has(String key) {
    return node.has(key) && !node.get(key).isNull();
  }

  String text(String key, String fallback) {
    if (!has(key)) {
      return fallback;
    }
    JsonNode value = node.get(key);
    if (!value.isString() || value.stringValue().isBlank()) {
      throw wrong(key, "is " + shown(value), "a text");
    }
    return value.stringValue();
  }

  String text(String key) {
    if (!has(key)) {
      throw wrong(key, "is missing", "a text");
    }
    return text(key, "");
  }

  <T> T choice(String key, SequencedMap<String, T> allowed, T fallback) {
    if (!has(key)) {
      return fallback;
    }
    JsonNode value = node.get(key);
    T chosen = value.isString() ? allowed.get(value.stringValue()) : null;
    if (chosen == null) {
      throw wrong(key, "is " + shown(value), "one of " + String.join(", ", allowed.keySet()));
    }
    return chosen;
  }

  boolean flag(String key, boolean fallback) {
    if (!has(key)) {
      return fallback;
    }
    if (!node.get(key).isBoolean()) {
      throw wrong(key, "is " + shown(node.get(key)), "true or false");
    }
    return node.get(key).booleanValue();
  }

  int integer(String key, int fallback, int least, int most) {
    return has(key) ? integer(key, node.get(key), least, most) : fallback;
  }

  long seed(String key, long fallback) {
    if (!has(key)) {
      return fallback;
    }
    JsonNode value = node.get(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(key, "is " + shown(value), "a whole number");
    }
    return value.longValue();
  }

  double number(String key, double fallback, double least, double most) {
    return has(key) ? number(key, node.get(key), least, most) : fallback;
  }

  private double number(String key, JsonNode value, double least, double most) {
    if (!value.isNumber() || value.doubleValue() < least || value.doubleValue() > most) {
      throw wrong(key, "is " + shown(value), "a number from " + least + " to " + most);
    }
    return value.doubleValue();
  }

  private int integer(String key, JsonNode value, int least, int most) {
    boolean whole = value.isIntegralNumber() && value.canConvertToInt();
    if (!whole || value.intValue() < least || value.intValue() > most) {
      throw wrong(key, "is " + shown(value), "a whole number from " + least + " to " + most);
    }
    return value.intValue();
  }

  /** A list, or a single value as a list of one. Never empty. */
  private List<JsonNode> values(String key, String expected) {
    if (!has(key)) {
      throw wrong(key, "is missing", expected);
    }
    JsonNode value = node.get(key);
    if (!value.isArray()) {
      return List.of(value);
    }
    if (value.isEmpty()) {
      throw wrong(key, "is an empty list", expected);
    }
    return new ArrayList<>(value.values());
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    List<JsonNode> values = values(key, "a list of texts");
    for (int i = 0; i < values.size(); i++) {
      if (!values.get(i).isString() || values.get(i).stringValue().isBlank()) {
        throw wrong(key + "[" + i + "]", "is " + shown(values.get(i)), "a text");
      }
      texts.add(values.get(i).stringValue());
    }
    return List.copyOf(texts);
  }

  /** Whether a key has exactly this text. */
  boolean isText(String key, String text) {
    return has(key) && node.get(key).isString() && node.get(key).stringValue().equals(text);
  }

  /** Single values as text, in a list or one alone. */
  List<String> scalarTexts(String key) {
    List<String> texts = new ArrayList<>();
    List<JsonNode> values = values(key, "a value or a list of values");
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).isContainer() || values.get(i).isNull()) {
        throw wrong(key + "[" + i + "]", "is " + shown(values.get(i)), "a single value");
      }
      texts.add(values.get(i).asString());
    }
    return List.copyOf(texts);
  }

  List<Integer> integers(String key, int least, int most) {
    List<Integer> integers = new ArrayList<>();
    List<JsonNode> values = values(key, "a list of whole numbers");
    for (int i = 0; i < values.size(); i++) {
      integers.add(integer(key + "[" + i + "]", values.get(i), least, most));
    }
    return List.copyOf(integers);
  }

  /** Entries of a list, each a name alone or a mapping with the place it stands at. */
  <T> List<T> entries(
      String key,
      String expected,
      Function<String, List<T>> name,
      Function<YamlFields, List<T>> mapping) {
    List<T> entries = new ArrayList<>();
    List<JsonNode> values = values(key, expected);
    for (int i = 0; i < values.size(); i++) {
      JsonNode value = values.get(i);
      String place = place(key + "[" + i + "]");
      if (value.isString()) {
        entries.addAll(name.apply(value.stringValue()));
      } else if (value.isObject()) {
        entries.addAll(mapping.apply(new YamlFields(file, place, value)));
      } else {
        throw wrong(key + "[" + i + "]", "is " + shown(value), expected);
      }
    }
    return List.copyOf(entries);
  }

  /** Numbers by name. */
  SequencedMap<String, Double> numbers(String key, double least, double most) {
    return byName(key, (inner, name) -> inner.number(name, inner.node.get(name), least, most));
  }

  /** Whole numbers by name. */
  SequencedMap<String, Integer> wholeNumbers(String key, int least, int most) {
    return byName(key, (inner, name) -> inner.integer(name, inner.node.get(name), least, most));
  }

  private <T> SequencedMap<String, T> byName(String key, BiFunction<YamlFields, String, T> value) {
    SequencedMap<String, T> values = new LinkedHashMap<>();
    if (has(key)) {
      YamlFields inner = child(key);
      inner.node.propertyNames().forEach(name -> values.put(name, value.apply(inner, name)));
    }
    return values;
  }

  boolean isMapping(String key) {
    return has(key) && node.get(key).isObject();
  }

  /** Every value but those of {@code except}, as text; a nested value is refused. */
  SequencedMap<String, String> scalars(Set<String> except) {
    SequencedMap<String, String> scalars = new LinkedHashMap<>();
    for (String key : node.propertyNames()) {
      JsonNode value = node.get(key);
      if (except.contains(key)) {
        continue;
      }
      if (value.isContainer() || value.isNull()) {
        throw wrong(key, "is " + shown(value), "a single value");
      }
      scalars.put(key, value.asString());
    }
    return scalars;
  }

  /** An error of another reader, with the place it happened at. */
  BitAtlasException because(BitAtlasException cause) {
    return new BitAtlasException(file + ": " + path + ": " + cause.getMessage(), cause);
  }

  YamlFields child(String key) {
    return new YamlFields(file, place(key), node.get(key));
  }

  BitAtlasException wrong(String key, String what, String expected) {
    String place = place(key);
    return new BitAtlasException(
        file
            + ": "
            + (place.isEmpty() ? "the file" : place)
            + " "
            + what
            + "; expected "
            + expected
            + ".");
  }

  private String place(String key) {
    if (key.isEmpty()) {
      return path;
    }
    return path.isEmpty() ? key : path + "." + key;
  }

  private static String shown(JsonNode value) {
    String text = value.toString();
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }
}
