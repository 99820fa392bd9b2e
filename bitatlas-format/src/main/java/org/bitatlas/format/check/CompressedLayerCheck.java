package org.bitatlas.format.check;

import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The tensors of one layer of a compressed-tensors folder. */
final class CompressedLayerCheck {

  private static final String WHERE = "config.json quantization_config.config_groups.";
  private static final String PACKED = "pack-quantized";
  private static final String BYTES = "int-quantized";

  private final ObjectNode section;
  private final LoaderTarget target;
  private final TensorInspection inspection;
  private final Findings findings;

  CompressedLayerCheck(ObjectNode section, LoaderTarget target, TensorInspection inspection) {
    this.section = section;
    this.target = target;
    this.inspection = inspection;
    this.findings = inspection.findings();
  }

  /**
   * Looks up what the scheme of a group needs.
   *
   * @param group name in {@code config_groups}
   * @param rows N
   * @param columns K
   * @return whether the scheme is one whose tensors are known
   */
  boolean check(String module, String group, int rows, int columns, boolean bias) {
    JsonNode scheme = section.path("config_groups").path(group);
    JsonNode weights = scheme.path("weights");
    String format = scheme.path("format").asString(section.path("format").asString(""));
    int bits = weights.path("num_bits").asInt(0);
    boolean integers = weights.path("type").asString("int").equals("int") && bits >= 1 && bits <= 8;
    if (!integers || !(format.equals(PACKED) || format.equals(BYTES))) {
      findings.fault(
          "unsupported-type",
          module + ".weight",
          "group %s stores %s of %d bits as '%s', which is not checked here"
              .formatted(group, weights.path("type").asString("int"), bits, format),
          "export as pack-quantized or int-quantized");
      return false;
    }
    int groupSize = weights.path("group_size").asInt(0);
    String strategy = weights.path("strategy").asString(groupSize > 0 ? "group" : "channel");
    boolean grouped = strategy.equals("group");
    if (grouped && (groupSize < 1 || columns % groupSize != 0)) {
      findings.fault(
          "group-size",
          module + ".weight_scale",
          "groups of %d do not divide %d input features".formatted(groupSize, columns),
          "quantize with a group size that divides " + columns + ", or leave the layer float");
      return false;
    }
    Inputs inputs = inputs(scheme.path("input_activations"));
    boolean symmetric = weights.path("symmetric").asBoolean(true);
    SchemeSupport.objection(
            LayerScheme.dense(bits, grouped ? groupSize : 0, symmetric, inputs, bias),
            FormatName.COMPRESSED_TENSORS,
            target)
        .ifPresent(objection ->
            findings.fault(
                "unsupported-type",
                module + ".weight",
                objection,
                "quantize with what the scheme takes"));
    if (inputs.rounding() != Inputs.Rounding.NONE && format.equals(PACKED)) {
      findings.wrong(
          "activations-dropped",
          WHERE + group + ".format",
          "with pack-quantized the inputs of %s are not rounded, though input_activations says so"
              .formatted(module),
          "store the group as int-quantized");
    }
    int groups = grouped ? columns / groupSize : 1;
    if (format.equals(PACKED)) {
      packed(module, weights, bits, rows, columns, groups);
    } else {
      inspection.require(module + ".weight", Set.of(ElementType.I8), rows, columns);
    }
    inspection.scales(
        strategy.equals("tensor")
            ? inspection.require(module + ".weight_scale", TensorInspection.FLOATS, 1)
            : inspection.require(module + ".weight_scale", TensorInspection.FLOATS, rows, groups));
    activations(module, inputs);
    return true;
  }

  private void packed(
      String module, JsonNode weights, int bits, int rows, int columns, int groups) {
    inspection.require(
        module + ".weight_packed", PackedIntegers.I32, rows, PackedIntegers.words(columns, bits));
    Optional<StoredTensor> shape =
        inspection.require(module + ".weight_shape", Set.of(ElementType.I64, ElementType.I32), 2);
    shape.ifPresent(stored -> {
      int stride = stored.type() == ElementType.I64 ? 2 : 1;
      int storedRows = PackedIntegers.at(stored, 0);
      int storedColumns = PackedIntegers.at(stored, stride);
      if (storedRows != rows || storedColumns != columns) {
        findings.fault(
            "wrong-shape",
            stored.name(),
            "it says %d x %d, config.json says %d x %d"
                .formatted(storedRows, storedColumns, rows, columns),
            "export the checkpoint again");
      }
    });
    if (!weights.path("symmetric").asBoolean(true)) {
      inspection.require(
          module + ".weight_zero_point",
          PackedIntegers.I32,
          PackedIntegers.words(rows, bits),
          groups);
    }
    if (weights.path("actorder").asString("").equals("group")) {
      PackedIntegers.groupIndex(
          inspection.require(module + ".weight_g_idx", PackedIntegers.I32, columns),
          columns,
          columns / groups,
          true,
          findings);
    }
  }

  private void activations(String module, Inputs inputs) {
    if (inputs.rounding() != Inputs.Rounding.STATIC_TENSOR) {
      return;
    }
    inspection.scales(inspection.require(module + ".input_scale", TensorInspection.FLOATS, 1));
    if (!inputs.symmetric()) {
      inspection.require(module + ".input_zero_point", Set.of(ElementType.I8, ElementType.I32), 1);
    }
  }

  private static Inputs inputs(JsonNode activations) {
    if (!activations.isObject()) {
      return Inputs.FLOAT;
    }
    boolean dynamic = activations.path("dynamic").asBoolean(false);
    boolean token = activations.path("strategy").asString("").equals("token");
    Inputs.Rounding rounding =
        !dynamic
            ? Inputs.Rounding.STATIC_TENSOR
            : token ? Inputs.Rounding.DYNAMIC_TOKEN : Inputs.Rounding.DYNAMIC_TENSOR;
    return new Inputs(
        rounding,
        Math.clamp(activations.path("num_bits").asInt(8), 2, 8),
        activations.path("symmetric").asBoolean(true));
  }
}
