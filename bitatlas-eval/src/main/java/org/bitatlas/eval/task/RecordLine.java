package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.eval.prompt.Document;
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

  /** The record as templates see it. */
  Document document() {
    return Document.of(file + ", line " + line, fields);
  }

  int integer(String field) {
    JsonNode value = fields.path(field);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw error(field, "an integer");
    }
    return value.intValue();
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
