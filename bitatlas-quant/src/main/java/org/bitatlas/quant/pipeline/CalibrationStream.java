package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * The hidden states of the calibration set in front of one block. Batches have a fixed number of
 * tokens whatever the number of threads, and their Gram matrices are added in batch order.
 */
final class CalibrationStream {

  private static final int BATCH_TOKENS = 2048;

  private final TransformerModel model;
  private final Tiles tiles;
  private final int sequences;
  private final int length;
  private final int width;
  private final List<float[]> batches = new ArrayList<>();

  CalibrationStream(TransformerModel model, CalibrationSet set, Tiles tiles) {
    this.model = model;
    this.tiles = tiles;
    this.sequences = set.sequences().size();
    this.length = set.length();
    this.width = model.architecture().hiddenSize();
    int perBatch = Math.max(1, BATCH_TOKENS / length);
    tiles.mapInOrder(
        (sequences + perBatch - 1) / perBatch,
        batch -> {
          NativeRuntime.useSingleThread();
          int from = batch * perBatch;
          List<int[]> ids = set.sequences().subList(from, Math.min(from + perBatch, sequences));
          try (TensorScope _ = TensorScope.open()) {
            return model.embed(ids.toArray(int[][]::new)).toFloats();
          }
        },
        batches::add);
  }

  /**
   * Runs the block on all batches without moving on.
   *
   * @return H = 2 / n * sum over tokens of x x^T [K x K] for each group, n the number of sequences
   */
  Map<InputGroup, double[]> observe(int layer, List<InputGroup> groups) {
    Map<InputGroup, double[]> hessians = new EnumMap<>(InputGroup.class);
    tiles.mapInOrder(
        batches.size(),
        batch -> products(layer, batches.get(batch), groups),
        products -> products.forEach((group, product) -> add(hessians, group, product)));
    for (double[] hessian : hessians.values()) {
      for (int i = 0; i < hessian.length; i++) {
        hessian[i] *= 2.0 / sequences;
      }
    }
    return hessians;
  }

  /** X^T X in fp32 for the inputs of each group in one batch. */
  private Map<InputGroup, float[]> products(int layer, float[] hidden, List<InputGroup> groups) {
    NativeRuntime.useSingleThread();
    Map<InputGroup, float[]> products = new EnumMap<>(InputGroup.class);
    LinearInputObserver observer =
        (projection, input) -> {
          for (InputGroup group : groups) {
            if (group.observed() == projection) {
              try (TensorScope _ = TensorScope.open()) {
                Tensor x = input.to(ElementType.F32).reshape(-1, input.size(-1));
                products.put(group, x.transpose(0, 1).matmul(x).toFloats());
              }
            }
          }
        };
    try (TensorScope _ = TensorScope.open()) {
      model.block(layer, tensor(hidden), observer);
    }
    return products;
  }

  private static void add(Map<InputGroup, double[]> hessians, InputGroup group, float[] product) {
    double[] sum = hessians.computeIfAbsent(group, _ -> new double[product.length]);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += product[i];
    }
  }

  /** Replaces the hidden states by the block's outputs. */
  void advance(int layer) {
    List<float[]> inputs = List.copyOf(batches);
    batches.clear();
    tiles.mapInOrder(
        inputs.size(),
        batch -> {
          NativeRuntime.useSingleThread();
          try (TensorScope _ = TensorScope.open()) {
            return model
                .block(layer, tensor(inputs.get(batch)), LinearInputObserver.NONE)
                .toFloats();
          }
        },
        batches::add);
  }

  private Tensor tensor(float[] hidden) {
    long rows = hidden.length / ((long) length * width);
    return Tensor.from(hidden, rows, length, width).to(model.precision().elementType());
  }
}
