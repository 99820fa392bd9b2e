package org.bitatlas.format.check;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.modelslim.Description;
import org.bitatlas.format.modelslim.LinearType;
import org.bitatlas.format.modelslim.ScaleBias;
import org.bitatlas.format.modelslim.TensorNames;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.kernel.ascend.KroneckerQuantization;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.tensor.ElementType;

/** The tensors of one quantized layer of an AscendV1 folder: names, types, shapes, values. */
final class ModelSlimLayerCheck {

  private static final Set<ElementType> CODES = Set.of(ElementType.I8);
  private static final int GROUP_STEP = 32;
  private static final int PACKED_ROWS = 8;
  private static final int PACKED_COLUMNS = 8;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final LoaderTarget target;
  private final Description description;
  private final TensorInspection inspection;
  private final Findings findings;
  private final StaticInputCheck inputs;

  ModelSlimLayerCheck(LoaderTarget target, Description description, TensorInspection inspection) {
    this.target = target;
    this.description = description;
    this.inspection = inspection;
    this.findings = inspection.findings();
    this.inputs = new StaticInputCheck(inspection);
  }

  /**
   * Looks up what the scheme of a type creates parameters for.
   *
   * @param rows N
   * @param columns K
   * @param modelType of {@code torch_dtype}
   */
  void check(
      String module,
      LinearType type,
      int rows,
      int columns,
      boolean bias,
      Optional<ElementType> modelType) {
    switch (type) {
      case FLOAT -> {}
      case W8A8 -> {
        codes(module, rows, columns);
        inputs.check(module, rows, modelType);
        // Written by some versions of msModelSlim; a parameter exists, nothing reads it.
        inspection.find(module + TensorNames.WEIGHT_SCALE, TensorInspection.FLOATS, rows, 1);
        inspection.find(module + TensorNames.WEIGHT_OFFSET, TensorInspection.FLOATS, rows, 1);
      }
      case W8A8_MIX -> {
        codes(module, rows, columns);
        inputs.check(module, rows, modelType);
        channels(module, rows);
      }
      case W8A8_DYNAMIC, W8A16 -> {
        codes(module, rows, columns);
        channels(module, rows);
      }
      case W4A8_DYNAMIC -> {
        twoLevels(module, rows, columns);
        lostBias(module, rows, bias);
      }
      case W4A4_DYNAMIC, W4A4_FLATQUANT_DYNAMIC -> {
        nibbles(inspection.require(module + TensorNames.WEIGHT, CODES, rows, columns));
        channels(module, rows);
        fourBitInputs(module, type, columns);
      }
    }
  }

  private void codes(String module, int rows, int columns) {
    inspection.require(module + TensorNames.WEIGHT, CODES, rows, columns);
  }

  private void channels(String module, int rows) {
    inspection.scales(
        inspection.require(module + TensorNames.WEIGHT_SCALE, TensorInspection.FLOATS, rows, 1));
    symmetric(
        inspection.require(module + TensorNames.WEIGHT_OFFSET, TensorInspection.FLOATS, rows, 1));
  }

  /** ModelSlim means (w - offset) s, the NPU's operators (w + offset) s. */
  private void symmetric(Optional<StoredTensor> offset) {
    if (offset.filter(tensor -> tensor.type() == ElementType.I64).isPresent()) {
      integers(offset.get());
      return;
    }
    Optional<float[]> values = inspection.values(offset);
    if (offset.isEmpty() || values.isEmpty()) {
      return;
    }
    for (float value : values.get()) {
      if (value != 0) {
        asymmetric(offset.get().name(), value);
        return;
      }
    }
  }

  private void integers(StoredTensor offset) {
    MemorySegment data = offset.data();
    for (long at = 0; at < data.byteSize(); at += Long.BYTES) {
      if (data.get(LONG, at) != 0) {
        asymmetric(offset.name(), data.get(LONG, at));
        return;
      }
    }
  }

  private void asymmetric(String name, Number value) {
    findings.wrong(
        "asymmetric-weights",
        name,
        "it holds %s, and the NPU's operators read the sign of offsets the other way round"
            .formatted(value),
        "quantize with a symmetric grid, whose offsets are 0");
  }

  private void twoLevels(String module, int rows, int columns) {
    String weight = module + TensorNames.WEIGHT;
    int groupSize = description.groupSize();
    boolean grouped = groupSize > 0 && columns % groupSize == 0;
    if (!grouped || groupSize % GROUP_STEP != 0 || groupSize >= columns) {
      findings.fault(
          "group-size",
          module + TensorNames.WEIGHT_SCALE_SECOND,
          "group_size %d does not fit %d input features: the operator needs a multiple of 32 below them that divides them"
              .formatted(groupSize, columns),
          "quantize with groups of 32, 64 or 128 that divide "
              + columns
              + ", and state group_size in "
              + Description.FILE);
    }
    if (rows % PACKED_ROWS != 0) {
      findings.fault(
          "row-count",
          weight,
          rows + " output features are not a multiple of 8, which int4 packing needs",
          "leave this layer float or in 8 bits");
    }
    if (description.packed()) {
      inspection.require(weight, CODES, rows / 2, columns);
    } else {
      nibbles(inspection.require(weight, CODES, rows, columns));
    }
    channels(module, rows);
    int groups = grouped ? columns / groupSize : 1;
    if (grouped) {
      inspection.scales(
          inspection.require(
              module + TensorNames.WEIGHT_SCALE_SECOND, TensorInspection.FLOATS, rows, groups));
      symmetric(
          inspection.require(
              module + TensorNames.WEIGHT_OFFSET_SECOND,
              Set.of(ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.I64),
              rows,
              groups));
    } else {
      inspection.claim(module + TensorNames.WEIGHT_SCALE_SECOND);
      inspection.claim(module + TensorNames.WEIGHT_OFFSET_SECOND);
    }
    if (description.packed()) {
      int slices = TensorNames.splitsInputs(module) ? ScaleBias.SLICES : 1;
      inspection.values(
          inspection.require(
              module + TensorNames.SCALE_BIAS, TensorInspection.FLOATS, rows, slices));
    }
  }

  private void lostBias(String module, int rows, boolean bias) {
    boolean added =
        target
            .stack()
            .scheme(
                LinearType.W4A8_DYNAMIC.name(),
                SupportedScheme.Layers.LINEAR,
                target.version(),
                target.device())
            .map(SupportedScheme::bias)
            .orElse(true);
    if (added || !bias) {
      return;
    }
    String name = module + TensorNames.BIAS;
    Optional<float[]> values =
        inspection.has(name)
            ? inspection.values(inspection.find(name, TensorInspection.FLOATS, rows))
            : Optional.empty();
    boolean zero = true;
    for (float value : values.orElseGet(() -> new float[0])) {
      zero &= value == 0;
    }
    if (!zero) {
      findings.wrong(
          "dropped-bias",
          name,
          "linear layers of W4A8_DYNAMIC are computed without their bias there",
          "give layers with a bias the type W8A8_DYNAMIC, or leave them FLOAT (recipe"
              + " w4a8-ascend)");
    }
  }

  /** One int4 code per byte. */
  private void nibbles(Optional<StoredTensor> weight) {
    if (weight.isEmpty()) {
      return;
    }
    MemorySegment data = weight.get().data();
    for (long at = 0; at < data.byteSize(); at++) {
      byte code = data.get(ValueLayout.JAVA_BYTE, at);
      if (code < -8 || code > 7) {
        findings.wrong(
            "code-range",
            weight.get().name(),
            "it holds the code %d, and a byte is one code of -8 to 7 here".formatted(code),
            "export again with one int4 code per byte");
        return;
      }
    }
  }

  private void fourBitInputs(String module, LinearType type, int columns) {
    if (columns % PACKED_COLUMNS != 0) {
      findings.fault(
          "column-count",
          module + TensorNames.WEIGHT,
          columns + " input features are not a multiple of 8, which int4 packing needs",
          "leave this layer float or in 8 bits");
      return;
    }
    if (type != LinearType.W4A4_FLATQUANT_DYNAMIC) {
      return;
    }
    KroneckerQuantization.objection(columns)
        .ifPresent(why ->
            findings.fault(
                "column-count",
                module + TensorNames.RIGHT_TRANS,
                why,
                "leave this layer in 8 bits, or give it the type W4A4_DYNAMIC"));
    KroneckerSizes sizes = KroneckerSizes.of(columns).orElseThrow();
    inspection.values(
        inspection.require(
            module + TensorNames.LEFT_TRANS, TensorInspection.FLOATS, sizes.left(), sizes.left()));
    inspection.values(
        inspection.require(
            module + TensorNames.RIGHT_TRANS,
            TensorInspection.FLOATS,
            sizes.right(),
            sizes.right()));
    inspection
        .scales(inspection.require(module + TensorNames.CLIP_RATIO, TensorInspection.FLOATS, 1))
        .filter(clip -> clip[0] > 1)
        .ifPresent(clip ->
            findings.wrong(
                "bad-scale",
                module + TensorNames.CLIP_RATIO,
                "it is %s, and a range is clipped by at most 1".formatted(clip[0]),
                "export again"));
  }
}
