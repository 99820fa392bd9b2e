package org.bitatlas.format.check;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
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

  private static final String WHERE = "config.json quantization_config.";
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
    boolean overridden = !section.path("dynamic").isEmpty();
    Set<String> quantized = new HashSet<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ofABlock()) {
        FusedRules.oneKind(
            fused, layer, module -> inspection.has(module + ".qweight"), inspection.findings());
        for (Projection projection : fused.parts()) {
          String module = projection.module(layer);
          if (!overridden || inspection.has(module + ".qweight")) {
            quantized.add(module);
            layer(module, projection, bits, given);
          }
        }
        FusedRules.oneValue(fused, layer, ".g_idx", inspection, inspection.findings());
      }
    }
    PlainTensors.check(architecture, inspection, quantized, Set.of());
    return true;
  }

  private void layer(String module, Projection projection, int bits, int given) {
    int rows = architecture.outputFeatures(projection);
    int columns = architecture.inputFeatures(projection);
    int groupSize = given == -1 ? columns : given;
    LayerScheme scheme =
        LayerScheme.dense(
            bits,
            given == -1 ? 0 : given,
            section.path("sym").asBoolean(true),
            Inputs.FLOAT,
            architecture.hasBias(projection));
    SchemeSupport.objection(scheme, FormatName.GPTQ, target)
        .ifPresent(objection ->
            inspection
                .findings()
                .fault(
                    "unsupported-type",
                    module + ".qweight",
                    objection,
                    "quantize with what the scheme takes, or serve on another device"));
    boolean fits =
        columns % groupSize == 0 && (long) columns * bits % 32 == 0 && (long) rows * bits % 32 == 0;
    if (!fits) {
      inspection
          .findings()
          .fault(
              "group-size",
              module + ".qweight",
              "%d x %d weights of %d bits do not fill groups of %d and words of 32 bits"
                  .formatted(rows, columns, bits, groupSize),
              "quantize with a group size that divides " + columns + ", or leave the layer float");
      for (String suffix : List.of(".qweight", ".qzeros", ".scales", ".g_idx")) {
        inspection.claim(module + suffix);
      }
      return;
    }
    int groups = columns / groupSize;
    inspection.require(
        module + ".qweight", PackedIntegers.I32, PackedIntegers.words(columns, bits), rows);
    inspection.require(
        module + ".qzeros", PackedIntegers.I32, groups, PackedIntegers.words(rows, bits));
    inspection.scales(
        inspection.require(module + ".scales", TensorInspection.FLOATS, groups, rows));
    PackedIntegers.groupIndex(
        inspection.require(module + ".g_idx", PackedIntegers.I32, columns),
        columns,
        groupSize,
        section.path("desc_act").asBoolean(false),
        inspection.findings());
  }
}
