package org.bitatlas.format.gptq;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.JsonFile;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.QuantizedCheckpoint;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes the configuration of a GPTQ checkpoint. */
final class GptqSection {

  private static final String QUANTIZED = "modules_in_block_to_quantize";

  private GptqSection() {}

  /** The schemes of all layers: symmetric only where all are, as loaders choose kernels by that. */
  static SequencedMap<String, GptqScheme> schemes(SequencedMap<String, GridLayer> grids) {
    boolean symmetric = grids.values().stream().allMatch(GridLayer::centred);
    SequencedMap<String, GptqScheme> schemes = new LinkedHashMap<>();
    grids.forEach((module, grid) -> {
      GptqScheme own = GptqScheme.of(grid);
      schemes.put(module, new GptqScheme(own.bits(), own.groupSize(), own.actOrder(), symmetric));
    });
    return schemes;
  }

  /**
   * The section {@code quantization_config}, also the file {@code quantize_config.json}. States the
   * scheme of most layers, and overrides for the others and for those that stay float. Parts of a
   * fused layer that agree share an override, which names the whole too: GPTQModel asks for the
   * parts, vLLM for the whole.
   */
  static ObjectNode of(
      Architecture architecture, SequencedMap<String, GptqScheme> schemes, GptqVersion version) {
    GptqScheme general = general(schemes.values());
    ObjectNode section = JsonFile.object();
    state(section, general);
    section.put("sym", general.symmetric());
    section.put("lm_head", schemes.containsKey(QuantizedCheckpoint.HEAD));
    section.put("quant_method", "gptq");
    section.put("checkpoint_format", version.label());
    section.put("format", version.label());
    section.put("pack_dtype", "int32");
    section.put("static_groups", false).put("true_sequential", true);
    ObjectNode overrides = overrides(architecture, schemes, general);
    if (!overrides.isEmpty()) {
      section.set("dynamic", overrides);
    }
    List<String> paths = quantizedPaths(architecture, schemes);
    if (!paths.isEmpty()) {
      ArrayNode listed = section.putArray(QUANTIZED).addArray();
      paths.forEach(listed::add);
    }
    section.putObject("meta").putArray("quantizer").add("bitatlas");
    return section;
  }

  /**
   * Paths of the layers that are quantized, where those of every block are and some are not: what
   * transformers looks for. Empty where all are, or other ones from block to block.
   */
  private static List<String> quantizedPaths(
      Architecture architecture, SequencedMap<String, GptqScheme> schemes) {
    List<String> paths = new ArrayList<>();
    for (Projection projection : Projection.values()) {
      long quantized =
          IntStream.range(0, architecture.layers())
              .filter(layer -> schemes.containsKey(projection.module(layer)))
              .count();
      if (quantized == architecture.layers()) {
        paths.add(projection.path());
      } else if (quantized > 0) {
        return List.of();
      }
    }
    if (paths.size() == Projection.values().length) {
      return List.of();
    }
    if (schemes.containsKey(QuantizedCheckpoint.HEAD)) {
      paths.add(QuantizedCheckpoint.HEAD);
    }
    return paths;
  }

  private static void state(ObjectNode fields, GptqScheme scheme) {
    fields
        .put("bits", scheme.bits())
        .put("group_size", scheme.groupSize())
        .put("desc_act", scheme.actOrder());
  }

  private static ObjectNode overrides(
      Architecture architecture, SequencedMap<String, GptqScheme> schemes, GptqScheme general) {
    ObjectNode overrides = JsonFile.object();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ofABlock()) {
        if (agree(fused, layer, schemes)) {
          override(overrides, fused.names(layer), schemes, general);
        } else {
          for (String module : fused.modules(layer)) {
            override(overrides, List.of(module), schemes, general);
          }
        }
      }
    }
    if (schemes.containsKey(QuantizedCheckpoint.HEAD)) {
      override(overrides, List.of(QuantizedCheckpoint.HEAD), schemes, general);
    }
    return overrides;
  }

  private static void override(
      ObjectNode overrides,
      List<String> names,
      SequencedMap<String, GptqScheme> schemes,
      GptqScheme general) {
    Optional<GptqScheme> scheme = Optional.ofNullable(schemes.get(names.getFirst()));
    if (!scheme.equals(Optional.of(general))) {
      ObjectNode fields = overrides.putObject(GptqSchemes.key(scheme.isPresent(), names));
      scheme.ifPresent(quantized -> state(fields, quantized));
    }
  }

  private static boolean agree(
      FusedModules fused, int layer, SequencedMap<String, GptqScheme> schemes) {
    return fused.modules(layer).stream()
            .map(module -> Optional.ofNullable(schemes.get(module)))
            .distinct()
            .count()
        == 1;
  }

  /** Whether transformers, which reads no overrides, understands a section all the same. */
  static boolean isPlain(ObjectNode section) {
    return section.path("dynamic").propertyNames().stream()
        .allMatch(key -> key.startsWith("-:") && section.has(QUANTIZED));
  }

  /** Fused layers whose parts have different schemes, which vLLM cannot run, by full name. */
  static List<String> apart(Architecture architecture, SequencedMap<String, GptqScheme> schemes) {
    List<String> apart = new ArrayList<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ALL) {
        if (!agree(fused, layer, schemes)) {
          apart.add(fused.module(layer));
        }
      }
    }
    return apart;
  }

  /**
   * The scheme of most layers. One of 2 or 3 bits goes first where there is one: vLLM through 0.21
   * chooses the kernels of all layers by the general scheme, and Marlin's have 4 and 8 bits only.
   */
  private static GptqScheme general(Collection<GptqScheme> schemes) {
    Map<GptqScheme, Long> counts =
        schemes.stream()
            .collect(
                Collectors.groupingBy(scheme -> scheme, LinkedHashMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .max(
            Comparator.<Map.Entry<GptqScheme, Long>, Boolean>comparing(
                    entry -> entry.getKey().bits() < 4)
                .thenComparing(Map.Entry::getValue))
        .map(Map.Entry::getKey)
        .orElse(new GptqScheme(4, GptqScheme.CHANNEL, false, true));
  }
}
