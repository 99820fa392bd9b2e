package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * One record of a data file.
 *
 * @param place file and line, for errors
 * @param fields its fields: texts, integers ({@code Long}), numbers ({@code Double}), booleans,
 *     lists and maps of such; a field that is null in the file is not here
 */
public record Document(String place, Map<String, Object> fields) {

  /** The record of a JSON object. */
  public static Document of(String place, JsonNode object) {
    return new Document(place, map(object));
  }

  private static Map<String, Object> map(JsonNode object) {
    Map<String, Object> fields = new LinkedHashMap<>();
    object.forEachEntry((name, node) -> value(node).ifPresent(value -> fields.put(name, value)));
    return fields;
  }

  private static Optional<Object> value(JsonNode node) {
    if (node.isNull()) {
      return Optional.empty();
    }
    if (node.isObject()) {
      return Optional.of(map(node));
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(element -> value(element).ifPresent(list::add));
      return Optional.of(list);
    }
    if (node.isIntegralNumber()) {
      return Optional.of(node.canConvertToLong() ? node.longValue() : node.bigIntegerValue());
    }
    if (node.isNumber()) {
      return Optional.of(node.doubleValue());
    }
    return Optional.of(node.isBoolean() ? node.booleanValue() : node.stringValue());
  }

  /** This record with further or other fields. */
  public Document with(Map<String, ?> more) {
    Map<String, Object> all = new LinkedHashMap<>(fields);
    all.putAll(more);
    return new Document(place, all);
  }

  /** A text. */
  public String text(String field) {
    if (fields.get(field) instanceof String text) {
      return text;
    }
    throw error(field, "a text");
  }

  /** A list of texts. */
  public List<String> texts(String field) {
    if (fields.get(field) instanceof List<?> list
        && list.stream().allMatch(element -> element instanceof String)) {
      return list.stream().map(String.class::cast).toList();
    }
    throw error(field, "a list of texts");
  }

  /** What is wrong with a field, in one sentence that names the place. */
  public BitAtlasException error(String field, String expected) {
    Object value = fields.get(field);
    return new BitAtlasException(
        "%s: the field \"%s\" %s; expected %s."
            .formatted(place, field, value == null ? "is missing" : "is " + value, expected));
  }
}
