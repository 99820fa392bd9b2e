package org.bitatlas.format.compressed;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitatlas.format.ForeignFolder;
import org.bitatlas.format.JsonFile;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes the section {@code quantization_config} of {@code config.json}. */
final class QuantizationSection {

  /** The release of the library whose schema this is. */
  static final String VERSION = "0.20.0";

  private static final String MIXED = "mixed-precision";

  private QuantizationSection() {}

  /**
   * The section. With one scheme its group targets all linear layers, less those that stay float;
   * with several each group names its own.
   */
  static ObjectNode of(Architecture architecture, SequencedMap<String, LayerScheme> schemes) {
    SequencedMap<LayerScheme, TreeSet<String>> groups = new LinkedHashMap<>();
    schemes.forEach(
        (module, scheme) -> groups.computeIfAbsent(scheme, _ -> new TreeSet<>()).add(module));
    ObjectNode section = JsonFile.object();
    ObjectNode configured = section.putObject("config_groups");
    int index = 0;
    for (Map.Entry<LayerScheme, TreeSet<String>> group : groups.entrySet()) {
      ObjectNode node = configured.putObject("group_" + index++);
      ArrayNode targets = node.putArray("targets");
      if (groups.size() == 1) {
        targets.add("Linear");
      } else {
        targets(architecture, group.getValue()).forEach(targets::add);
      }
      group.getKey().write(node);
    }
    List<String> formats =
        groups.sequencedKeySet().stream().map(LayerScheme::format).distinct().toList();
    section.put(
        "format",
        switch (formats.size()) {
          case 0 -> "dense";
          case 1 -> formats.getFirst();
          default -> MIXED;
        });
    section.putNull("global_compression_ratio");
    ArrayNode ignore = section.putArray("ignore");
    ForeignFolder.modules(architecture).stream()
        .filter(module -> !schemes.containsKey(module))
        .forEach(ignore::add);
    section.putNull("kv_cache_scheme");
    section.putNull("moe_sparsity_config");
    section.put("quant_method", "compressed-tensors");
    section.put("quantization_status", "compressed");
    section.putObject("sparsity_config");
    section.putObject("transform_config");
    section.put("version", VERSION);
    return section;
  }

  /**
   * Names of a group's modules: one expression for the projections that it has in every block, so
   * that loaders that fuse q, k and v find one target for all, and the others one by one.
   */
  private static List<String> targets(Architecture architecture, TreeSet<String> modules) {
    TreeSet<String> others = new TreeSet<>(modules);
    StringBuilder everywhere = new StringBuilder();
    for (Projection projection : Projection.values()) {
      List<String> all =
          IntStream.range(0, architecture.layers()).mapToObj(projection::module).toList();
      if (modules.containsAll(all)) {
        all.forEach(others::remove);
        everywhere
            .append(everywhere.isEmpty() ? "" : "|")
            .append(projection.path().replace(".", "\\."));
      }
    }
    List<String> targets = others.stream().collect(Collectors.toList());
    if (!everywhere.isEmpty()) {
      targets.addFirst("re:model\\.layers\\.\\d+\\.(" + everywhere + ")$");
    }
    return targets;
  }
}
