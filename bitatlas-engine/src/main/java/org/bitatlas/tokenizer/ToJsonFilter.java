package org.bitatlas.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The {@code tojson} filter of transformers: {@code json.dumps(value, ensure_ascii=False)}. */
final class ToJsonFilter implements Filter {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int DEPTH_LIMIT = 50;

  @Override
  public String getName() {
    return "tojson";
  }

  @Override
  public Object filter(
      @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
    return json(value, DEPTH_LIMIT);
  }

  private static String json(@Nullable Object value, int depth) {
    if (depth == 0) {
      throw new IllegalArgumentException("tojson: the value is nested too deeply");
    }
    if (value instanceof Map<?, ?> map) {
      List<String> parts = new ArrayList<>();
      map.forEach((key, entry) ->
          parts.add(JSON.writeValueAsString(key.toString()) + ": " + json(entry, depth - 1)));
      return "{" + String.join(", ", parts) + "}";
    }
    if (value instanceof Iterable<?> list) {
      List<String> parts = new ArrayList<>();
      list.forEach(entry -> parts.add(json(entry, depth - 1)));
      return "[" + String.join(", ", parts) + "]";
    }
    if (value == null || value instanceof Number || value instanceof Boolean) {
      return String.valueOf(value);
    }
    return JSON.writeValueAsString(value.toString());
  }
}
