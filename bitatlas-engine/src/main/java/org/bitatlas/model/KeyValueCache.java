package org.bitatlas.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Keys and values of a batch of rows, aligned at their newest token: row r's tokens occupy columns
 * {@code padding[r] .. length-1} of every layer's [B x 2G x C x d] (G key heads, then G value
 * heads). Capacity C grows in steps.
 */
final class KeyValueCache implements Attention, AutoCloseable {

  private static final int GROWTH = 64;

  private final Architecture architecture;
  private final ElementType type;
  private final Device device;
  private final List<Tensor> layers = new ArrayList<>();
  private int[] padding;
  private int length;
  private int capacity;
  private Optional<Tensor> mask = Optional.empty();

  KeyValueCache(
      Architecture architecture, ElementType type, Device device, int[] lengths, int longest) {
    this.architecture = architecture;
    this.type = type;
    this.device = device;
    this.length = longest;
    this.capacity = longest + GROWTH;
    this.padding = new int[lengths.length];
    for (int row = 0; row < lengths.length; row++) {
      padding[row] = longest - lengths[row];
    }
    rebuildMask();
  }

  int rows() {
    return padding.length;
  }

  /** Position of the next token of each row. */
  long[] nextPositions() {
    long[] positions = new long[padding.length];
    for (int row = 0; row < positions.length; row++) {
      positions[row] = length - padding[row];
    }
    return positions;
  }

  /**
   * Takes over the keys and values of a right-padded prompt.
   *
   * @param keysAndValues [B x T x 2G x d], keys rotated
   */
  void fill(Tensor keysAndValues) {
    try (TensorScope _ = TensorScope.open()) {
      int rows = rows();
      long[] source = new long[rows * length];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < length; column++) {
          // Padding columns repeat the first token: finite, and masked.
          source[row * length + column] = (long) row * length + Math.max(0, column - padding[row]);
        }
      }
      long heads = 2L * architecture.keyValueHeads();
      long dimension = architecture.headDimension();
      Tensor aligned =
          keysAndValues
              .reshape((long) rows * length, heads, dimension)
              .indexSelect(0, Tensor.fromLongs(source, source.length).to(device))
              .view(rows, length, heads, dimension)
              .transpose(1, 2);
      Tensor stored = Tensor.zeros(device, type, rows, heads, capacity, dimension).unscoped();
      stored.narrow(2, 0, length).copyFrom(aligned);
      layers.add(stored);
    }
  }

  /** Makes room for one more token; called before the blocks of a step. */
  void advance() {
    length++;
    if (length <= capacity) {
      return;
    }
    int grown = capacity + Math.max(GROWTH, capacity / 2);
    for (int layer = 0; layer < layers.size(); layer++) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor old = layers.get(layer);
        Tensor replacement =
            Tensor.zeros(device, type, old.size(0), old.size(1), grown, old.size(3)).unscoped();
        replacement.narrow(2, 0, capacity).copyFrom(old);
        old.close();
        layers.set(layer, replacement);
      }
    }
    capacity = grown;
    rebuildMask();
  }

  /** Keeps the given rows, in their order. */
  void keepRows(int[] rows) {
    long[] indexes = new long[rows.length];
    int[] kept = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      indexes[i] = rows[i];
      kept[i] = padding[rows[i]];
    }
    padding = kept;
    try (TensorScope _ = TensorScope.open()) {
      Tensor selection = Tensor.fromLongs(indexes, indexes.length).to(device);
      for (int layer = 0; layer < layers.size(); layer++) {
        Tensor old = layers.get(layer);
        layers.set(layer, old.indexSelect(0, selection).unscoped());
        old.close();
      }
    }
    rebuildMask();
  }

  /** The mask [B x 1 x 1 x C] that hides padding columns, absent when there is no padding. */
  private void rebuildMask() {
    mask.ifPresent(Tensor::close);
    mask = Optional.empty();
    boolean padded = false;
    float[] values = new float[rows() * capacity];
    for (int row = 0; row < rows(); row++) {
      padded |= padding[row] > 0;
      Arrays.fill(values, row * capacity, row * capacity + padding[row], Float.NEGATIVE_INFINITY);
    }
    if (!padded) {
      return;
    }
    try (TensorScope _ = TensorScope.open()) {
      mask =
          Optional.of(Tensor.from(values, rows(), 1, 1, capacity).to(type).to(device).unscoped());
    }
  }

  @Override
  public Tensor attend(int layer, Tensor heads) {
    int queryHeads = architecture.heads();
    int keyHeads = architecture.keyValueHeads();
    int group = queryHeads / keyHeads;
    int dimension = architecture.headDimension();
    int rows = rows();
    Tensor cache = layers.get(layer);
    cache
        .narrow(2, length - 1, 1)
        .copyFrom(heads.narrow(2, queryHeads, 2L * keyHeads).transpose(1, 2));
    boolean windowed = architecture.slidingWindowLayers().contains(layer);
    int visible = windowed ? Math.min(length, architecture.slidingWindow()) : length;
    int start = length - visible;
    Tensor window = cache.narrow(2, start, visible);
    // One new token per row: the queries of a group share keys, so they stand where a sequence
    // of queries would, and keys need not be repeated.
    Tensor query =
        heads.select(1, 0).narrow(1, 0, queryHeads).view(rows, keyHeads, group, dimension);
    return query
        .scaledDotProductAttention(
            window.narrow(1, 0, keyHeads),
            window.narrow(1, keyHeads, keyHeads),
            mask.map(whole -> whole.narrow(3, start, visible)),
            false)
        .reshape(rows, 1, (long) queryHeads * dimension);
  }

  @Override
  public void close() {
    layers.forEach(Tensor::close);
    layers.clear();
    mask.ifPresent(Tensor::close);
    mask = Optional.empty();
  }
}
