package org.bitatlas.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
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
    Optional<StoredLinear> codes = quantized.map(checkpoint -> checkpoint.linears().get(module));
    if (codes.isPresent()) {
      dequantize(codes.get(), module, target);
    } else {
      read(module + ".weight", target);
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

  /** Writes the bias of a projection to {@code target} [N]. */
  void readBias(int layer, Projection projection, Tensor target) {
    read(projection.module(layer) + ".bias", target);
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

  private static void dequantize(StoredLinear codes, String module, Tensor target) {
    requireSize(codes, module, target.size(0), target.size(1));
    if (target.device().isHost()) {
      dequantizeRows(codes, target);
      return;
    }
    // One transfer, not one per row.
    try (TensorScope _ = TensorScope.open()) {
      Tensor staged = Tensor.empty(target.elementType(), target.shape());
      dequantizeRows(codes, staged);
      target.copyFrom(staged);
    }
  }

  private static void dequantizeRows(StoredLinear codes, Tensor target) {
    int rows = codes.outputFeatures();
    int columns = codes.inputFeatures();
    float[] row = new float[columns];
    try (TensorScope _ = TensorScope.open()) {
      Tensor wide = Tensor.empty(ElementType.F32, columns);
      for (int n = 0; n < rows; n++) {
        codes.dequantizeRow(n, row);
        try (TensorScope _ = TensorScope.open()) {
          target.select(0, n).copyFrom(wide.copyFrom(row));
        }
      }
    }
  }
}
