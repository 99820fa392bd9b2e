package org.bitatlas.study.report;

import tools.jackson.databind.json.JsonMapper;

/**
 * JSON that may stand inside a {@code script} element: every character that could end the element
 * or open a comment is written as an escape.
 */
final class ScriptJson {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ScriptJson() {}

  static String of(Object value) {
    return JSON.writeValueAsString(value)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029");
  }
}
