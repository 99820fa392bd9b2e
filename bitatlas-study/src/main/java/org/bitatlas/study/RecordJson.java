package org.bitatlas.study;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** JSON of the store's rows: one object per record, fields by component name. */
final class RecordJson {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private RecordJson() {}

  static String text(Object value) {
    return JSON.writeValueAsString(value);
  }

  static byte[] bytes(Object value) {
    return text(value).getBytes(StandardCharsets.UTF_8);
  }

  static <T> T read(byte[] json, Class<T> type, Path file) {
    try {
      return JSON.readValue(json, type);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The record store "
              + file
              + " holds a row that is not a "
              + type.getSimpleName()
              + "; move the file away and the study starts anew.",
          e);
    }
  }
}
