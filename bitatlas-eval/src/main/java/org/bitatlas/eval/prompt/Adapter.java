package org.bitatlas.eval.prompt;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads files that are not in the layout of the hub, for example prompts already rendered by
 * others. A result over them says so and is never called equal to the harness's.
 *
 * @param name name for reports
 * @param file where a split lies under the root, {@code {split}} and {@code {subject}} replaced
 * @param fields the fields that the task wants, over those of the file; those of the file stay
 */
public record Adapter(String name, String file, Map<String, RecordTemplate> fields) {

  String file(String configuration, String split) {
    return file.replace("{split}", split).replace("{subject}", configuration);
  }

  Document apply(Document document) {
    Map<String, Object> values = new LinkedHashMap<>();
    fields.forEach((field, template) -> values.put(field, template.value(document)));
    return document.with(values);
  }
}
