package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Y = X W^T + b for many rows of float activations: each tile widens 256 output features of the
 * packed weight to [K x 256] in the type of X and multiplies by them, so that no more than that is
 * ever there in float. oneDNN multiplies, libtorch where that has no kernel for the type.
 */
final class WidenedProduct implements AutoCloseable {

  private static final int TILE_COLUMNS = PackedWeight.SLICE_COLUMNS;
  private static final int TILE_PANELS = TILE_COLUMNS / Panels.ROWS;

  private final WeightOnlyRows weights;
  private final RowKernels kernels;
  private final ElementType type;
  private final Optional<WidenedSlices> slices;
  private final Optional<Tensor> bias;
  private final Optional<Tensor> order;

  WidenedProduct(WeightOnlyRows weights, float[] bias, ElementType type, RowKernels kernels) {
    this.weights = weights;
    this.kernels = kernels;
    this.type = type;
    this.slices = WidenedSlices.of(type, weights.outputFeatures(), weights.inputFeatures(), bias);
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

  /** What multiplies. */
  String implementation() {
    return slices.map(present -> "oneDNN " + present.implementation()).orElse("libtorch");
  }

  Tensor apply(LinearInput input, KernelThreads threads) {
    if (input.type() != type) {
      throw new IllegalArgumentException(
          "activations of %s for a layer of %s".formatted(input.type(), type));
    }
    Tensor output = Tensor.empty(input.type(), input.rows(), weights.outputFeatures());
    try (TensorScope _ = TensorScope.open()) {
      Tensor packedOrder =
          order.isPresent() ? input.tensor().indexSelect(1, order.get()) : input.tensor();
      MemorySegment x = packedOrder.memory();
      MemorySegment y = output.memory();
      threads.run(
          new TileTask() {
            @Override
            public int tileCount() {
              return Math.ceilDiv(weights.outputFeatures(), TILE_COLUMNS);
            }

            @Override
            public void runTile(int tile, RowScratch scratch) {
              if (slices.isPresent()) {
                MemorySegment widened = scratch.memory(slices.get().bytes());
                widen(tile, widened, scratch);
                slices.get().multiply(tile, input.rows(), x, widened, y);
              } else {
                NativeRuntime.onSingleThread(() -> multiply(tile, packedOrder, output, scratch));
              }
            }
          });
      Reference.reachabilityFence(packedOrder);
    }
    return output;
  }

  /** On libtorch. */
  private void multiply(int tile, Tensor x, Tensor output, RowScratch scratch) {
    int first = tile * TILE_COLUMNS;
    int columns = columns(tile);
    try (TensorScope _ = TensorScope.open()) {
      int stride = MatmulKernel.columnStride(columns);
      Tensor widened = Tensor.empty(type, weights.inputFeatures(), stride);
      widen(tile, widened.memory(), scratch);
      Tensor weight = widened.narrow(1, 0, columns).transpose(0, 1);
      Optional<Tensor> part = bias.map(whole -> whole.narrow(0, first, columns).to(type));
      output.narrow(1, first, columns).copyFrom(x.linear(weight, part));
    }
  }

  private int columns(int tile) {
    return Math.min(TILE_COLUMNS, weights.outputFeatures() - tile * TILE_COLUMNS);
  }

  private void widen(int tile, MemorySegment memory, RowScratch scratch) {
    int panels = Panels.count(columns(tile));
    for (int panel = 0; panel < panels; panel++) {
      widen(tile * TILE_PANELS + panel, panel * Panels.ROWS, panels, memory, scratch);
    }
  }

  private void widen(int panel, int at, int panels, MemorySegment memory, RowScratch scratch) {
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
    slices.ifPresent(WidenedSlices::close);
    bias.ifPresent(Tensor::close);
    order.ifPresent(Tensor::close);
  }
}
