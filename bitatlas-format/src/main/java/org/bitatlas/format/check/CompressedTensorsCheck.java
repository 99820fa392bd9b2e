package org.bitatlas.format.check;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.format.BoundedPattern;
import org.bitatlas.format.FusedModules;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.QuantizedCheckpoint;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What loaders look up in a compressed-tensors folder: for every linear layer the first group of
 * {@code config_groups} that has it among its targets, and for every group its tensors.
 */
record CompressedTensorsCheck(
    ObjectNode section,
    LoaderTarget target,
    Architecture architecture,
    TensorInspection inspection) {

  private static final String WHERE = "config.json quantization_config.";
  private static final String LINEAR = "Linear";
  private static final String REGULAR = "re:";

  /** Whether all tensors were looked up. */
  boolean check() {
    CompressedSectionRules.check(section, target, inspection);
    JsonNode groups = section.path("config_groups");
    if (!groups.isObject() || groups.isEmpty()) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "config_groups",
              "there is no group of layers with a scheme",
              "copy the section from where the checkpoint was made");
      return false;
    }
    Map<String, String> groupOf = new LinkedHashMap<>();
    try {
      assign(groups, groupOf);
    } catch (IllegalArgumentException refused) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "targets",
              "a pattern there is not usable: " + refused.getMessage(),
              "give full names of modules, or a plain pattern");
      return false;
    }
    CompressedLayerCheck layers = new CompressedLayerCheck(section, target, inspection);
    Set<String> quantized = new HashSet<>();
    boolean complete = true;
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ofABlock()) {
        oneScheme(fused, layer, groupOf, groups);
        for (Projection projection : fused.parts()) {
          String module = projection.module(layer);
          String group = groupOf.get(module);
          if (group != null) {
            quantized.add(module);
            complete &=
                layers.check(
                    module,
                    group,
                    architecture.outputFeatures(projection),
                    architecture.inputFeatures(projection),
                    architecture.hasBias(projection));
          }
        }
        FusedRules.oneValue(fused, layer, ".input_scale", inspection, inspection.findings());
      }
    }
    if (groupOf.containsKey(QuantizedCheckpoint.HEAD)) {
      head();
    }
    PlainTensors.check(architecture, inspection, quantized, Set.of());
    return complete;
  }

  private void assign(JsonNode groups, Map<String, String> groupOf) {
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        groupOf(module, groups).ifPresent(group -> groupOf.put(module, group));
      }
    }
    groupOf(QuantizedCheckpoint.HEAD, groups)
        .ifPresent(group -> groupOf.put(QuantizedCheckpoint.HEAD, group));
  }

  private Optional<String> groupOf(String module, JsonNode groups) {
    for (JsonNode ignored : section.path("ignore")) {
      if (matches(module, ignored.asString(""))) {
        return Optional.empty();
      }
    }
    for (Map.Entry<String, JsonNode> group : groups.properties()) {
      for (JsonNode wanted : group.getValue().path("targets")) {
        if (matches(module, wanted.asString(""))) {
          return Optional.of(group.getKey());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean matches(String module, String wanted) {
    return wanted.startsWith(REGULAR)
        ? BoundedPattern.startsWith(module, wanted.substring(REGULAR.length()))
        : wanted.equals(LINEAR) || wanted.equals(module);
  }

  private void oneScheme(
      FusedModules fused, int layer, Map<String, String> groupOf, JsonNode groups) {
    String first = fused.modules(layer).getFirst();
    JsonNode scheme = scheme(first, groupOf, groups);
    for (String module : fused.modules(layer)) {
      if (!scheme(module, groupOf, groups).equals(scheme)) {
        inspection
            .findings()
            .fault(
                "mixed-types",
                module + ".weight",
                "it is in %s and %s in %s, but both are parts of %s, which has one scheme"
                    .formatted(
                        name(module, groupOf), first, name(first, groupOf), fused.module(layer)),
                "quantize all parts of %s alike, or ignore all of them".formatted(fused.name()));
      }
    }
  }

  private JsonNode scheme(String module, Map<String, String> groupOf, JsonNode groups) {
    String group = groupOf.get(module);
    if (group == null) {
      return section.missingNode();
    }
    ObjectNode scheme = ((ObjectNode) groups.path(group)).deepCopy();
    scheme.remove("targets");
    return scheme;
  }

  private static String name(String module, Map<String, String> groupOf) {
    return groupOf.getOrDefault(module, "no group");
  }

  private void head() {
    String problem =
        "the target Linear takes in lm_head, which is stored as floats or tied to the embedding";
    String remedy = "add \"lm_head\" to ignore";
    if (target.is(LoaderTarget.TRANSFORMERS)) {
      inspection.findings().fault("head-not-ignored", "lm_head.weight", problem, remedy);
    } else {
      inspection.findings().warn("head-not-ignored", "lm_head.weight", problem, remedy);
    }
  }
}
