package org.bitatlas.format.check;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What loaders look up in a folder of AutoAWQ's GEMM layout. */
record AwqCheck(
    ObjectNode section,
    LoaderTarget target,
    Architecture architecture,
    TensorInspection inspection) {

  private static final String WHERE = "config.json quantization_config.";
  private static final int BITS = 4;
  private static final int PER_WORD = 8;

  /** Whether all tensors were looked up. */
  boolean check() {
    int bits = section.path("bits").asInt(section.path("w_bit").asInt(0));
    int given = section.path("group_size").asInt(section.path("q_group_size").asInt(0));
    String version = section.path("version").asString("gemm");
    if (bits != BITS) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "bits",
              "it is %d, and AWQ kernels have 4".formatted(bits),
              "quantize to 4 bits, or export to compressed-tensors");
    }
    if (given == 0 || given < -1) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "group_size",
              "it is %d; a number of columns is expected, or -1 for whole rows".formatted(given),
              "copy the section from where the checkpoint was made");
    }
    if (!version.equalsIgnoreCase("gemm")) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "version",
              "the layout %s interleaves its words in another way than gemm".formatted(version),
              "export to the layout gemm");
    }
    if (bits != BITS || given == 0 || given < -1) {
      return false;
    }
    Set<String> quantized = new HashSet<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ofABlock()) {
        FusedRules.oneKind(
            fused,
            layer,
            module -> isExcluded(module) ? "float" : "quantized",
            inspection.findings());
        for (Projection projection : fused.parts()) {
          String module = projection.module(layer);
          if (!isExcluded(module)) {
            quantized.add(module);
            layer(module, projection, given);
          }
        }
      }
    }
    PlainTensors.check(architecture, inspection, quantized, Set.of());
    return true;
  }

  private boolean isExcluded(String module) {
    for (JsonNode name : section.path("modules_to_not_convert")) {
      if (module.contains(name.asString(module + "?"))) {
        return true;
      }
    }
    return false;
  }

  private void layer(String module, Projection projection, int given) {
    int rows = architecture.outputFeatures(projection);
    int columns = architecture.inputFeatures(projection);
    PackedLayer layer = new PackedLayer(FormatName.AWQ, module, rows, columns, given);
    layer.requireKernel(
        BITS,
        !section.path("zero_point").asBoolean(true),
        architecture.hasBias(projection),
        target,
        "export to compressed-tensors",
        inspection.findings());
    List<String> suffixes = List.of(".qweight", ".qzeros", ".scales");
    if (!layer.isWhole(rows % PER_WORD == 0, "words of 8 codes", suffixes, inspection)) {
      return;
    }
    int groups = layer.groups();
    inspection.require(module + ".qweight", PackedIntegers.I32, columns, rows / PER_WORD);
    inspection.require(module + ".qzeros", PackedIntegers.I32, groups, rows / PER_WORD);
    inspection.scales(
        inspection.require(module + ".scales", TensorInspection.FLOATS, groups, rows));
  }
}
