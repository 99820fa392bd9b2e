package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Y = X W^T + b for many rows of float activations: each tile widens 256 output features of the
 * packed weight to [K x 256] in the type of X and multiplies by them, so that no more than that is
 * ever there in float.
 */
final class WidenedProduct implements AutoCloseable {

  private static final int TILE_PANELS = 8;
  private static final int TILE_COLUMNS = TILE_PANELS * Panels.ROWS;

  private final WeightOnlyRows weights;
  private final RowKernels kernels;
  private final Optional<Tensor> bias;
  private final Optional<Tensor> order;

  WidenedProduct(WeightOnlyRows weights, float[] bias, RowKernels kernels) {
    this.weights = weights;
    this.kernels = kernels;
    this.bias = bias.length > 0 ? Optional.of(RowFormat.vector(bias)) : Optional.empty();
    this.order = weights.groups().reordered() ? Optional.of(order()) : Optional.empty();
  }

  private Tensor order() {
    ColumnGroups groups = weights.groups();
    long[] columns = new long[groups.columns()];
    for (int k = 0; k < columns.length; k++) {
      columns[k] = groups.column(k);
    }
    try (TensorScope _ = TensorScope.open()) {
      return Tensor.fromLongs(columns, columns.length).unscoped();
    }
  }

  Tensor apply(LinearInput input, KernelThreads threads) {
    Tensor output = Tensor.empty(input.type(), input.rows(), weights.outputFeatures());
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = input.tensor();
      Tensor packedOrder = order.isPresent() ? x.indexSelect(1, order.get()) : x;
      threads.run(
          new TileTask() {
            @Override
            public int tileCount() {
              return Math.ceilDiv(weights.outputFeatures(), TILE_COLUMNS);
            }

            @Override
            public void runTile(int tile, RowScratch scratch) {
              NativeRuntime.onSingleThread(() -> multiply(tile, packedOrder, output, scratch));
            }
          });
    }
    return output;
  }

  private void multiply(int tile, Tensor x, Tensor output, RowScratch scratch) {
    int first = tile * TILE_COLUMNS;
    int columns = Math.min(TILE_COLUMNS, weights.outputFeatures() - first);
    int panels = Panels.count(columns);
    try (TensorScope _ = TensorScope.open()) {
      ElementType type = x.elementType();
      Tensor widened = Tensor.empty(type, weights.inputFeatures(), (long) panels * Panels.ROWS);
      MemorySegment memory = widened.memory();
      for (int panel = 0; panel < panels; panel++) {
        widen(tile * TILE_PANELS + panel, panel * Panels.ROWS, panels, memory, type, scratch);
      }
      Tensor weight = widened.narrow(1, 0, columns).transpose(0, 1);
      Optional<Tensor> part = bias.map(whole -> whole.narrow(0, first, columns).to(type));
      output.narrow(1, first, columns).copyFrom(x.linear(weight, part));
    }
  }

  private void widen(
      int panel, int at, int panels, MemorySegment memory, ElementType type, RowScratch scratch) {
    ColumnGroups groups = weights.groups();
    float[] factors = scratch.rows(2 * Panels.ROWS);
    for (int group = 0; group < groups.count(); group++) {
      factors(panel, group, factors);
      for (int column = 0; column < groups.width(group); column += RowScratch.CHUNK) {
        int columns = Math.min(RowScratch.CHUNK, groups.width(group) - column);
        kernels.widen(weights, panel, group, column, columns, scratch.chunk);
        long stride = (long) panels * Panels.ROWS;
        long to = (groups.start(group) + column) * stride + at;
        kernels.storeColumns(scratch.chunk, columns, factors, memory, type, to, stride);
      }
    }
  }

  private void factors(int panel, int group, float[] factors) {
    Arrays.fill(factors, 0, Panels.ROWS, 1);
    Arrays.fill(factors, Panels.ROWS, 2 * Panels.ROWS, 0);
    if (weights instanceof AffineRows affine) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        factors[lane] = affine.factors().get(panel, group, lane);
        if (affine.offsets().isPresent()) {
          factors[Panels.ROWS + lane] = affine.offsets().get().get(panel, group, lane);
        }
      }
    }
  }

  @Override
  public void close() {
    bias.ifPresent(Tensor::close);
    order.ifPresent(Tensor::close);
  }
}
