package org.bitatlas.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.kernel.WeightRows;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Where a model's weights come from: linears of a quantized checkpoint where it has them,
 * everything else from the float checkpoint. All reads convert to the working precision and go to
 * the device that the model runs on.
 */
record WeightSource(
    Architecture architecture,
    Checkpoint floats,
    Optional<QuantizedCheckpoint> quantized,
    ElementType elementType,
    Device device) {

  /** Whether the head is stored apart from the embedding. */
  boolean hasHead() {
    return !architecture.tiedEmbeddings()
        || quantized.filter(QuantizedCheckpoint::hasHead).isPresent();
  }

  /** Writes the weight of a projection to {@code target} [N x K]. */
  void readWeight(int layer, Projection projection, Tensor target) {
    readWeight(projection.module(layer), target);
  }

  private void readWeight(String module, Tensor target) {
    WeightRows rows = rows(module, target.size(0), target.size(1));
    if (target.device().isHost()) {
      rows.readAll(target.memory(), target.size(0));
      return;
    }
    // One transfer, not one per row.
    try (TensorScope _ = TensorScope.open()) {
      Tensor staged = Tensor.empty(elementType, target.shape());
      rows.readAll(staged.memory(), target.size(0));
      target.copyFrom(staged);
    }
  }

  /** The weight [N x K] of a module, owned by the caller. */
  Tensor ownedWeight(String module, long rows, long columns) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor target = Tensor.empty(device, elementType, rows, columns).unscoped();
      readWeight(module, target);
      return target;
    }
  }

  /**
   * The weight [N x K] of a module, read a few rows at a time in the working precision.
   *
   * @throws BitAtlasException when it has another shape
   */
  WeightRows rows(String module, long rows, long columns) {
    Optional<StoredLinear> codes = quantized.map(checkpoint -> checkpoint.linears().get(module));
    if (codes.isPresent()) {
      requireSize(codes.get(), module, rows, columns);
      return (first, target) -> dequantize(codes.get(), first, target);
    }
    String name = module + ".weight";
    List<Long> expected = List.of(rows, columns);
    Optional<FloatTensor> replaced = quantized.map(checkpoint -> checkpoint.floats().get(name));
    if (replaced.isPresent()) {
      requireShape(name, "the quantized checkpoint", replaced.get().shape(), expected);
      MemorySegment values = MemorySegment.ofArray(replaced.get().values());
      return (first, target) -> convert(values, ElementType.F32, columns, first, target);
    }
    StoredTensor stored = floats.get(name);
    requireShape(name, stored.file(), stored.shape(), expected);
    return (first, target) -> convert(stored.data(), stored.type(), columns, first, target);
  }

  private void convert(
      MemorySegment values, ElementType from, long columns, int first, MemorySegment target) {
    long count = target.byteSize() / bytes(elementType, 1);
    MemorySegment part = values.asSlice(bytes(from, first * columns), bytes(from, count));
    if (from == elementType) {
      target.copyFrom(part);
      return;
    }
    try (TensorScope _ = TensorScope.open()) {
      target.copyFrom(Tensor.fromMemory(part, from, List.of(count)).to(elementType).memory());
    }
  }

  private void dequantize(StoredLinear codes, int first, MemorySegment target) {
    int columns = codes.inputFeatures();
    int rows = Math.toIntExact(target.byteSize() / bytes(elementType, columns));
    float[] all = new float[rows * columns];
    float[] row = new float[columns];
    for (int n = 0; n < rows; n++) {
      codes.dequantizeRow(first + n, row);
      System.arraycopy(row, 0, all, n * columns, columns);
    }
    try (TensorScope _ = TensorScope.open()) {
      target.copyFrom(Tensor.from(all, all.length).to(elementType).memory());
    }
  }

  private static long bytes(ElementType type, long elements) {
    return elements * type.bits() / Byte.SIZE;
  }

  /** Writes the bias of a projection to {@code target} [N]. */
  void readBias(int layer, Projection projection, Tensor target) {
    read(projection.module(layer) + ".bias", target);
  }

  /** The biases one after the other, 0 where a projection has none; empty where none has one. */
  float[] biases(int layer, List<Projection> projections) {
    if (projections.stream().noneMatch(architecture::hasBias)) {
      return new float[0];
    }
    float[] all = new float[0];
    for (Projection projection : projections) {
      int count = architecture.outputFeatures(projection);
      float[] own = new float[count];
      if (architecture.hasBias(projection)) {
        try (TensorScope _ = TensorScope.open()) {
          Tensor target = Tensor.empty(elementType, count);
          readBias(layer, projection, target);
          own = target.toFloats();
        }
      }
      int before = all.length;
      all = Arrays.copyOf(all, before + count);
      System.arraycopy(own, 0, all, before, count);
    }
    return all;
  }

  /** A stored tensor of the given shape, owned by the caller. */
  Tensor owned(String name, long... shape) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor target = Tensor.empty(device, elementType, shape).unscoped();
      read(name, target);
      return target;
    }
  }

  private void read(String name, Tensor target) {
    List<Long> expected = new ArrayList<>();
    for (long size : target.shape()) {
      expected.add(size);
    }
    Optional<FloatTensor> replaced = quantized.map(checkpoint -> checkpoint.floats().get(name));
    if (replaced.isPresent()) {
      requireShape(name, "the quantized checkpoint", replaced.get().shape(), expected);
      try (TensorScope _ = TensorScope.open()) {
        target.copyFrom(Tensor.from(replaced.get().values(), target.shape()));
      }
      return;
    }
    StoredTensor stored = floats.get(name);
    requireShape(name, stored.file(), stored.shape(), expected);
    try (TensorScope _ = TensorScope.open()) {
      target.copyFrom(Tensor.fromMemory(stored.data(), stored.type(), stored.shape()));
    }
  }

  private static void requireShape(
      String name, Object place, List<Long> shape, List<Long> expected) {
    if (!shape.equals(expected)) {
      throw new BitAtlasException(
          "Tensor %s in %s has shape %s, but config.json asks for %s; the checkpoint and its configuration do not belong together."
              .formatted(name, place, shape, expected));
    }
  }

  /** Codes of a layer that the checkpoint does not keep in float. */
  Optional<StoredLinear> codes(String module) {
    return quantized
        .map(checkpoint -> checkpoint.linears().get(module))
        .filter(linear -> !(linear instanceof FloatLinear));
  }

  /** Refuses codes of another size than the model's layer [N x K]. */
  static void requireSize(StoredLinear codes, String module, long rows, long columns) {
    if (rows != codes.outputFeatures() || columns != codes.inputFeatures()) {
      throw new BitAtlasException(
          "Quantized layer %s is [%d x %d], but the model's is [%d x %d]; the quantized checkpoint was made for another model."
              .formatted(module, codes.outputFeatures(), codes.inputFeatures(), rows, columns));
    }
  }
}
