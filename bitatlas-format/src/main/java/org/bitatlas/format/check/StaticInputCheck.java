package org.bitatlas.format.check;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.modelslim.DequantizationScale;
import org.bitatlas.format.modelslim.TensorNames;
import org.bitatlas.tensor.ElementType;

/**
 * What a static {@code W8A8} layer has beside its weights: the grid of its inputs, its output
 * scale.
 */
final class StaticInputCheck {

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final TensorInspection inspection;
  private final Findings findings;

  StaticInputCheck(TensorInspection inspection) {
    this.inspection = inspection;
    this.findings = inspection.findings();
  }

  /**
   * Looks them up.
   *
   * @param rows N
   * @param modelType of {@code torch_dtype}
   */
  void check(String module, int rows, Optional<ElementType> modelType) {
    inspection.scales(
        inspection.require(module + TensorNames.INPUT_SCALE, TensorInspection.FLOATS, 1));
    Optional<StoredTensor> offset =
        inspection.require(
            module + TensorNames.INPUT_OFFSET,
            Set.of(ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.I8),
            1);
    inspection
        .values(offset.filter(tensor -> tensor.type() != ElementType.I8))
        .filter(value -> value[0] != Math.rint(value[0]) || Math.abs(value[0] + 0.5) > 127.5)
        .ifPresent(value ->
            findings.wrong(
                "input-offset",
                module + TensorNames.INPUT_OFFSET,
                "it is %s and is loaded as an int8".formatted(value[0]),
                "export again with a whole offset of -128 to 127"));
    inspection.require(module + TensorNames.QUANT_BIAS, Set.of(ElementType.I32), rows);
    deqScale(module, rows, modelType);
  }

  private void deqScale(String module, int rows, Optional<ElementType> modelType) {
    String name = module + TensorNames.DEQ_SCALE;
    Optional<StoredTensor> tensor =
        inspection.require(name, Set.of(ElementType.F32, ElementType.I64), rows);
    if (tensor.isEmpty()) {
      return;
    }
    boolean pattern = tensor.get().type() == ElementType.I64;
    if (modelType.isEmpty() || modelType.get() == ElementType.F32) {
      findings.fault(
          "model-type",
          "config.json torch_dtype",
          "static W8A8 exists for bfloat16 and float16 models, and the type is %s"
              .formatted(modelType.map(Enum::name).orElse("not given")),
          "set torch_dtype to %s, for which deq_scale was written"
              .formatted(pattern ? "float16" : "bfloat16"));
    } else if (pattern != (modelType.get() == ElementType.F16)) {
      findings.wrong(
          "deq-scale-type",
          name,
          "it is %s, and a model of torch_dtype %s needs %s: bit patterns are for float16, values for bfloat16"
              .formatted(
                  tensor.get().type(),
                  modelType.get() == ElementType.F16 ? "float16" : "bfloat16",
                  pattern ? "F32" : "I64"),
          "export again for the type in config.json, or correct torch_dtype there");
    }
    if (pattern) {
      patterns(tensor.get());
    } else {
      inspection.scales(tensor);
    }
  }

  private void patterns(StoredTensor tensor) {
    MemorySegment data = tensor.data();
    for (long at = 0; at < data.byteSize(); at += Long.BYTES) {
      long bits = data.get(LONG, at);
      boolean fits = bits == (int) bits;
      float scale = fits ? DequantizationScale.ofPattern(bits) : Float.NaN;
      if (!(scale > 0) || scale == Float.POSITIVE_INFINITY) {
        findings.wrong(
            "bad-scale",
            tensor.name(),
            "%d is not the bit pattern of an fp32 scale above 0".formatted(bits),
            "export again; the values must be patterns, not rounded scales");
        return;
      }
    }
  }
}
