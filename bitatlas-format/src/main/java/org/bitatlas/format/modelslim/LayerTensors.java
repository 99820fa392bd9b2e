package org.bitatlas.format.modelslim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.kernel.ascend.DequantScale;
import org.bitatlas.kernel.ascend.ExportedScales;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.ElementType;

/**
 * The tensors of one layer, without its bias. Codes and scales of groups are read when their bytes
 * are asked for.
 *
 * @param grid the layer
 * @param around what happens to its input
 * @param type {@link TypeChoice} for both
 */
record LayerTensors(GridLayer grid, LinearActivations around, LinearType type) {

  String module() {
    return grid.module();
  }

  /**
   * All tensors.
   *
   * @param bias [N], all 0 for a layer without
   * @param modelType F16 or BF16; decides how {@code deq_scale} is stored
   * @param roundScales whether scales are rounded to what the NPU makes of them anyway
   */
  List<TensorData> all(float[] bias, ElementType modelType, boolean roundScales) {
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    List<TensorData> tensors = new ArrayList<>();
    if (type == LinearType.W4A8_DYNAMIC) {
      tensors.add(
          StoredIntegers.bytes(
              module() + TensorNames.WEIGHT,
              () -> NibblePairs.pack(signedCodes(read()), rows, columns),
              rows / 2,
              columns));
      twoLevels(tensors);
      return tensors;
    }
    tensors.add(
        StoredIntegers.bytes(
            module() + TensorNames.WEIGHT, () -> signedCodes(read()), rows, columns));
    boolean rounded = roundScales && type.loadsRoundedScales();
    if (rounded) {
      // Refuses now what it would refuse when the tensor is written.
      rounded(cells().scales(), modelType);
    }
    tensors.add(
        floats(
            TensorNames.WEIGHT_SCALE,
            () -> rounded ? rounded(cells().scales(), modelType) : cells().scales(),
            rows,
            1));
    tensors.add(floats(TensorNames.WEIGHT_OFFSET, () -> new float[rows], rows, 1));
    if (type == LinearType.W8A8) {
      tensors.addAll(activations(bias, modelType, roundScales));
    }
    if (type == LinearType.W4A4_FLATQUANT_DYNAMIC) {
      flatQuant(tensors);
    }
    return tensors;
  }

  private void twoLevels(List<TensorData> tensors) {
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    int groups = grid.groups();
    tensors.add(floats(TensorNames.WEIGHT_SCALE, () -> channelScales(cells()), rows, 1));
    tensors.add(floats(TensorNames.WEIGHT_OFFSET, () -> new float[rows], rows, 1));
    tensors.add(floats(TensorNames.WEIGHT_SCALE_SECOND, () -> secondScales(cells()), rows, groups));
    tensors.add(
        floats(TensorNames.WEIGHT_OFFSET_SECOND, () -> new float[rows * groups], rows, groups));
    int slices = TensorNames.splitsInputs(module()) ? ScaleBias.SLICES : 1;
    if (columns % slices != 0) {
      throw TypeChoice.refusal(
          module(), columns + " input features do not divide into the 16 slices of scale_bias");
    }
    tensors.add(floats(TensorNames.SCALE_BIAS, () -> scaleBias(slices), rows, slices));
  }

  private GridCells cells() {
    return grid.cells().get();
  }

  private GridLinear read() {
    return grid.content().get();
  }

  private float[] scaleBias(int slices) {
    GridLinear read = read();
    GridCells cells = read.cells();
    return ScaleBias.of(
        signedCodes(read), channelScales(cells), secondScales(cells), read.inputFeatures(), slices);
  }

  /** [N]; with scales of one level the second scales are the scales, and these are 1. */
  private static float[] channelScales(GridCells cells) {
    return cells
        .channelScales()
        .orElseGet(() -> {
          float[] ones = new float[cells.outputFeatures()];
          Arrays.fill(ones, 1);
          return ones;
        });
  }

  private static float[] secondScales(GridCells cells) {
    if (!cells.hasSecondScales()) {
      return cells.scales();
    }
    byte[] whole = cells.secondScales();
    float[] seconds = new float[whole.length];
    for (int cell = 0; cell < seconds.length; cell++) {
      seconds[cell] = whole[cell];
    }
    return seconds;
  }

  private float[] rounded(float[] scales, ElementType modelType) {
    float[] rounded = new float[scales.length];
    for (int n = 0; n < rounded.length; n++) {
      rounded[n] = StoredFloats.round(scales[n], modelType);
      if (!Float.isFinite(rounded[n]) || (rounded[n] == 0 && scales[n] != 0)) {
        throw TypeChoice.refusal(
            module(), "its scale %s is %s in %s".formatted(scales[n], rounded[n], modelType));
      }
    }
    return rounded;
  }

  private List<TensorData> activations(float[] bias, ElementType modelType, boolean roundScales) {
    int rows = grid.outputFeatures();
    StaticInput input = StaticInput.of(around.input().orElseThrow());
    ExportedScales exported = roundScales ? rounded(input, bias, modelType) : plain(input, bias);
    for (float scale : exported.dequantScales()) {
      if (!(scale > 0)) {
        throw TypeChoice.refusal(module(), "a scale of its accumulator is " + scale);
      }
    }
    return List.of(
        floats(TensorNames.INPUT_SCALE, new float[] {exported.inputScale()}, 1),
        floats(TensorNames.INPUT_OFFSET, new float[] {input.offset()}, 1),
        StoredIntegers.ints(module() + TensorNames.QUANT_BIAS, exported::quantBias, rows),
        modelType == ElementType.F16
            ? StoredIntegers.longs(
                module() + TensorNames.DEQ_SCALE, () -> patterns(exported.dequantScales()), rows)
            : floats(TensorNames.DEQ_SCALE, exported.dequantScales(), rows));
  }

  /** As msModelSlim computes them. */
  private ExportedScales plain(StaticInput input, float[] bias) {
    GridLinear read = read();
    float[] scales = DequantizationScale.of(input.scale(), read.scales());
    int[] quantBias = QuantizedBias.of(bias, scales, codeSums(read), input.offset(), module());
    return new ExportedScales(input.scale(), scales, quantBias);
  }

  private ExportedScales rounded(StaticInput input, float[] bias, ElementType modelType) {
    HalfFormat half = modelType == ElementType.F16 ? HalfFormat.FP16 : HalfFormat.BF16;
    GridLinear read = read();
    ExportedScales scales =
        ExportedScales.rounded(
            input.scale(), input.offset(), read.scales(), codeSums(read), bias, half);
    if (!(scales.inputScale() > 0)) {
      throw TypeChoice.refusal(
          module(), "its input scale " + input.scale() + " is 0 in " + modelType);
    }
    QuantizedBias.requireFits(scales.quantBias(), module());
    return scales;
  }

  private static long[] patterns(float[] scales) {
    long[] patterns = new long[scales.length];
    for (int n = 0; n < patterns.length; n++) {
      patterns[n] = DequantScale.stored(scales[n]);
    }
    return patterns;
  }

  private void flatQuant(List<TensorData> tensors) {
    KroneckerSizes sizes = KroneckerSizes.of(grid.inputFeatures()).orElseThrow();
    Optional<float[]> left = around.transform().flatMap(KroneckerTransform::left);
    Optional<float[]> right = around.transform().flatMap(KroneckerTransform::right);
    tensors.add(factor(TensorNames.LEFT_TRANS, left, sizes.left()));
    tensors.add(factor(TensorNames.RIGHT_TRANS, right, sizes.right()));
    float clip = around.input().map(ActivationQuantizer::clipHigh).orElse(1f);
    tensors.add(floats(TensorNames.CLIP_RATIO, new float[] {clip}, 1));
  }

  private TensorData factor(String name, Optional<float[]> factor, int size) {
    return floats(name, () -> factor.orElseGet(() -> identity(size)), size, size);
  }

  static float[] identity(int size) {
    float[] matrix = new float[size * size];
    for (int i = 0; i < size; i++) {
      matrix[i * size + i] = 1;
    }
    return matrix;
  }

  private TensorData floats(String name, float[] values, long... shape) {
    return floats(name, () -> values, shape);
  }

  private TensorData floats(String name, Supplier<float[]> values, long... shape) {
    return StoredFloats.tensor(module() + name, values, ElementType.F32, shape);
  }

  /** Codes around 0: -2^(b-1) to 2^(b-1) - 1, [N x K]. */
  static byte[] signedCodes(GridLinear grid) {
    int columns = grid.inputFeatures();
    int middle = 1 << (grid.bits() - 1);
    byte[] codes = new byte[Math.multiplyExact(grid.outputFeatures(), columns)];
    byte[] row = new byte[columns];
    for (int n = 0; n < grid.outputFeatures(); n++) {
      grid.unpackRow(n, row);
      for (int k = 0; k < columns; k++) {
        codes[n * columns + k] = (byte) ((row[k] & 0xFF) - middle);
      }
    }
    return codes;
  }

  /** Sum of the signed codes of each row, [N]. */
  static long[] codeSums(GridLinear grid) {
    int middle = 1 << (grid.bits() - 1);
    byte[] row = new byte[grid.inputFeatures()];
    long[] sums = new long[grid.outputFeatures()];
    for (int n = 0; n < sums.length; n++) {
      grid.unpackRow(n, row);
      long sum = 0;
      for (byte code : row) {
        sum += (code & 0xFF) - middle;
      }
      sums[n] = sum;
    }
    return sums;
  }
}
