package org.bitatlas.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.bitatlas.eval.prompt.Document;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * A mapping of the descriptor, read key by key; {@link #finish} refuses the keys nobody asked for.
 *
 * @param place where the mapping is, for errors
 * @param node the mapping
 * @param used keys read so far
 */
record DescriptorNode(String place, JsonNode node, Set<String> used) {

  DescriptorNode {
    if (!node.isObject()) {
      throw new BitAtlasException(place + ": expected a mapping of keys to values.");
    }
  }

  private JsonNode value(String key) {
    used.add(key);
    return node.path(key);
  }

  boolean has(String key) {
    return node.has(key);
  }

  String text(String key) {
    JsonNode value = value(key);
    if (!value.isString()) {
      throw error(key, "a text");
    }
    return value.stringValue();
  }

  Optional<String> optionalText(String key) {
    return has(key) ? Optional.of(text(key)) : Optional.empty();
  }

  int integer(String key) {
    JsonNode value = value(key);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw error(key, "an integer");
    }
    return value.intValue();
  }

  OptionalInt optionalInteger(String key) {
    return has(key) ? OptionalInt.of(integer(key)) : OptionalInt.empty();
  }

  double share(String key) {
    JsonNode value = value(key);
    if (!value.isNumber() || value.doubleValue() < 0 || value.doubleValue() > 1) {
      throw error(key, "a number from 0 to 1");
    }
    return value.doubleValue();
  }

  boolean bool(String key) {
    JsonNode value = value(key);
    if (!value.isBoolean()) {
      throw error(key, "true or false");
    }
    return value.booleanValue();
  }

  List<String> texts(String key) {
    JsonNode value = value(key);
    List<String> texts = new ArrayList<>();
    if (!value.isArray()) {
      throw error(key, "a list of texts");
    }
    for (JsonNode element : value) {
      if (!element.isString()) {
        throw error(key, "a list of texts");
      }
      texts.add(element.stringValue());
    }
    return texts;
  }

  boolean isText(String key) {
    return node.path(key).isString();
  }

  /** A list of mappings, as records of a data set. */
  List<Document> documents(String key) {
    List<Document> documents = new ArrayList<>();
    for (JsonNode element : value(key)) {
      if (!element.isObject()) {
        throw error(key, "a list of records");
      }
      documents.add(
          Document.of(place + ", " + key + ", number " + (documents.size() + 1), element));
    }
    return documents;
  }

  /** A list of lists of two integers. */
  List<int[]> pairs(String key) {
    JsonNode value = value(key);
    List<int[]> pairs = new ArrayList<>();
    if (!value.isArray()) {
      throw error(key, "a list of [from, to]");
    }
    for (JsonNode pair : value) {
      if (!pair.isArray()
          || pair.size() != 2
          || !pair.path(0).isInt()
          || !pair.path(1).isInt()
          || pair.path(0).intValue() > pair.path(1).intValue()) {
        throw error(key, "a list of [from, to]");
      }
      pairs.add(new int[] {pair.path(0).intValue(), pair.path(1).intValue()});
    }
    return pairs;
  }

  DescriptorNode child(String key) {
    return new DescriptorNode(place + ", " + key, value(key), new TreeSet<>());
  }

  Optional<DescriptorNode> optionalChild(String key) {
    return has(key) ? Optional.of(child(key)) : Optional.empty();
  }

  List<DescriptorNode> children(String key) {
    JsonNode value = value(key);
    if (!value.isArray() || value.isEmpty()) {
      throw error(key, "a list with at least one element");
    }
    List<DescriptorNode> children = new ArrayList<>();
    for (JsonNode element : value) {
      String name = element.path("name").asString("number " + (children.size() + 1));
      children.add(new DescriptorNode(place + ", " + key + ", " + name, element, new TreeSet<>()));
    }
    return children;
  }

  List<String> keys() {
    return List.copyOf(node.propertyNames());
  }

  /** Refuses keys that were not read: a misspelt key must not pass silently. */
  void finish() {
    Set<String> unknown = new TreeSet<>(node.propertyNames());
    unknown.removeAll(used);
    if (!unknown.isEmpty()) {
      throw new BitAtlasException(
          place
              + ": unknown keys "
              + unknown
              + "; known ones here are "
              + new TreeSet<>(used)
              + ".");
    }
  }

  BitAtlasException error(String key, String expected) {
    JsonNode value = node.path(key);
    return new BitAtlasException(
        place
            + ": the key "
            + key
            + " "
            + (value.isMissingNode() ? "is missing" : "is " + value)
            + "; expected "
            + expected
            + ".");
  }
}
