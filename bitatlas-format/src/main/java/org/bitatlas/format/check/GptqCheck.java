package org.bitatlas.format.check;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.bitatlas.format.ConfigFields;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.gptq.GptqSchemes;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.model.Architecture;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What loaders look up in a GPTQ folder: {@code qweight}, {@code qzeros}, {@code scales}, {@code
 * g_idx}.
 */
record GptqCheck(
    ObjectNode section,
    LoaderTarget target,
    Architecture architecture,
    TensorInspection inspection) {

  private static final String SECTION = "config.json quantization_config";
  private static final String WHERE = SECTION + ".";
  private static final Set<Integer> WIDTHS = Set.of(2, 3, 4, 8);
  private static final Set<String> LAYOUTS = Set.of("", "gptq", "gptq_v2");

  /** Whether all tensors were looked up. */
  boolean check() {
    int bits = section.path("bits").asInt(0);
    int given = section.path("group_size").asInt(0);
    if (!WIDTHS.contains(bits)) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "bits",
              "it is %s, and GPTQ has 2, 3, 4 or 8".formatted(section.path("bits")),
              "copy the section from where the checkpoint was made");
      return false;
    }
    if (given == 0 || given < -1) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "group_size",
              "it is %s; a number of columns is expected, or -1 for whole rows"
                  .formatted(section.path("group_size")),
              "copy the section from where the checkpoint was made");
      return false;
    }
    String layout = section.path("checkpoint_format").asString("");
    if (!LAYOUTS.contains(layout)) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "checkpoint_format",
              "the layout %s is read by its own kernels only".formatted(layout),
              "export to the layout gptq, or to compressed-tensors");
      return false;
    }
    return orFinding("", this::reading)
        .flatMap(reading -> orFinding(".dynamic", () -> layers(reading)))
        .orElse(false);
  }

  /** A result, or a finding about a field of the section where it cannot be had. */
  private <T> Optional<T> orFinding(String field, Supplier<T> result) {
    try {
      return Optional.of(result.get());
    } catch (BitAtlasException refused) {
      inspection
          .findings()
          .fault(
              "configuration",
              SECTION + field,
              FolderContents.sentence(refused),
              "copy the section from where the checkpoint was made, or give plain names of layers");
      return Optional.empty();
    }
  }

  /** Whether GPTQModel wrote the folder, by its own mark. */
  private boolean isOfGptqModel() {
    return section.path("meta").path("quantizer").toString().contains("gptqmodel:");
  }

  private GptqReading reading() {
    GptqSchemes schemes =
        GptqSchemes.of(
            new ConfigFields(
                Path.of(FolderContents.CONFIGURATION), "quantization_config", section));
    List<String> only = new ArrayList<>();
    flatten(section.path("modules_in_block_to_quantize"), only);
    return new GptqReading(target, schemes, only, section.path("lm_head").asBoolean(false));
  }

  private static void flatten(JsonNode names, List<String> flat) {
    if (names.isString()) {
      flat.add(names.stringValue());
    }
    names.forEach(name -> flatten(name, flat));
  }

  private boolean layers(GptqReading reading) {
    if (reading.refusesActOrder()) {
      inspection
          .findings()
          .fault(
              "unsupported-type",
              WHERE + "desc_act",
              target.words() + " refuses groups that act order scattered",
              "quantize without act_order, or with static_groups; versions before 0.30 load it");
    }
    if (reading.refusesGeneral()) {
      inspection
          .findings()
          .fault(
              "unsupported-type",
              WHERE + "bits",
              target.words() + " has symmetric weights of 4 and 8 bits only",
              "export to compressed-tensors; versions through 0.21 load the others");
    }
    boolean second = section.path("checkpoint_format").asString("").equals("gptq_v2");
    if (!second && !isOfGptqModel() && reading.refusesAsymmetric()) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "sym",
              target.words()
                  + " refuses asymmetric weights whose zero points are stored less 1 (gptq)",
              "export with --gptq-format v2");
    }
    GptqLayerCheck layers =
        new GptqLayerCheck(
            reading, second ? GptqVersion.V2 : GptqVersion.V1, architecture, inspection);
    Set<String> quantized = new HashSet<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ofABlock()) {
        layers.check(fused, layer, quantized);
      }
    }
    layers.checkHead(quantized);
    PlainTensors.check(architecture, inspection, quantized, Set.of());
    return true;
  }
}
