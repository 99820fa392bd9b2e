package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A parsed {@code suites.yaml}.
 *
 * @param name name of the catalog
 * @param digest SHA-256 of the file
 * @param tasks its tasks in order
 * @param clusters what an item of a task belongs to, over the fields of its record, by name of the
 *     task; none for a task whose items stand alone
 */
record Descriptor(
    String name, String digest, List<Task> tasks, Map<String, RecordTemplate> clusters) {

  private static final int FORMAT = 2;
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  static Descriptor read(Path file) {
    return read(file.toString(), SuiteReader.bytes(file));
  }

  static Descriptor read(String file, byte[] content) {
    JsonNode root = tree(file, SuiteReader.utf8(Path.of(file), content));
    DescriptorNode fields = new DescriptorNode(file, root, new HashSet<>());
    int format = fields.integer("format");
    if (format != FORMAT) {
      throw new BitAtlasException(
          file
              + " has format "
              + format
              + "; this version reads format "
              + FORMAT
              + ", whose templates are Jinja: {{ field }} instead of {field}.");
    }
    String name = fields.text("name");
    List<Task> tasks = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Map<String, RecordTemplate> clusters = new HashMap<>();
    for (DescriptorNode node : fields.children("tasks")) {
      if (node.has("cluster")) {
        clusters.put(node.text("name"), RecordTemplate.parse(node.text("cluster")));
      }
      Task task = TaskReader.task(node);
      if (!names.add(task.name())) {
        throw new BitAtlasException(file + " has two tasks of the name " + task.name() + ".");
      }
      tasks.add(task);
    }
    fields.finish();
    return new Descriptor(
        name, SuiteReader.sha256(content), List.copyOf(tasks), Map.copyOf(clusters));
  }

  private static JsonNode tree(String file, String text) {
    try {
      return YAML.readTree(text);
    } catch (JacksonException e) {
      throw new BitAtlasException(file + " is not valid YAML: " + e.getOriginalMessage() + ".", e);
    }
  }
}
