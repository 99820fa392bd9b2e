package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * One record of a JSON Lines file, with its place for errors.
 *
 * @param file the file
 * @param line line number from 1
 * @param fields the record, an object
 */
record RecordLine(Path file, int line, JsonNode fields) {

  String text(String field) {
    JsonNode value = fields.path(field);
    if (value.isString()) {
      return value.stringValue();
    }
    if (value.isIntegralNumber()) {
      return value.asString();
    }
    throw error(field, "a text");
  }

  int integer(String field) {
    JsonNode value = fields.path(field);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw error(field, "an integer");
    }
    return value.intValue();
  }

  boolean bool(String field) {
    JsonNode value = fields.path(field);
    if (!value.isBoolean()) {
      throw error(field, "true or false");
    }
    return value.booleanValue();
  }

  List<String> texts(String field) {
    JsonNode value = fields.path(field);
    if (!value.isArray() || value.isEmpty()) {
      throw error(field, "a list of texts");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode element : value) {
      if (!element.isString()) {
        throw error(field, "a list of texts");
      }
      texts.add(element.stringValue());
    }
    return List.copyOf(texts);
  }

  BitAtlasException error(String field, String expected) {
    JsonNode value = fields.path(field);
    return new BitAtlasException(
        file
            + ", line "
            + line
            + ": the field \""
            + field
            + "\" "
            + (value.isMissingNode() ? "is missing" : "is " + value)
            + "; expected "
            + expected
            + ".");
  }
}
