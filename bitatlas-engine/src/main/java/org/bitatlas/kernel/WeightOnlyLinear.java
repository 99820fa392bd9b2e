package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.util.Locale;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * A linear layer whose weight alone is quantized: few rows of activations are multiplied by {@link
 * WeightOnlyProduct}, which reads the packed weight; for many rows a tile of the weight at a time
 * is widened to the type of the activations and multiplied in float.
 */
public final class WeightOnlyLinear implements PackedLinear {

  private final Arena arena = Arena.ofShared();
  private final WeightOnlyRows rows;
  private final RowKernels kernels;
  private final float[] bias;
  private final String name;
  private final WidenedProduct manyRows;
  private final IdleObjects<WeightOnlyProduct> idle = new IdleObjects<>();

  /**
   * Packs a layer.
   *
   * @param bias b [N], or empty
   * @param type of X and Y
   */
  public WeightOnlyLinear(StoredLinear linear, float[] bias, ElementType type, RowKernels kernels) {
    this.kernels = kernels;
    this.bias = bias;
    this.rows = WeightOnlyRows.of(linear, arena);
    this.manyRows = new WidenedProduct(rows, bias, type, kernels);
    this.name = type.toString().toLowerCase(Locale.ROOT);
  }

  @Override
  public int outputFeatures() {
    return rows.outputFeatures();
  }

  @Override
  public int inputFeatures() {
    return rows.inputFeatures();
  }

  @Override
  public long bytes() {
    return rows.bytes();
  }

  @Override
  public KernelChoice choice(int count) {
    return count > LinearInput.FEW_ROWS
        ? new KernelChoice(
            "%s x %s -> %s".formatted(name, rows.layout(), name),
            "widened tiles",
            manyRows.implementation())
        : new KernelChoice(
            "f32 x " + rows.layout() + " -> f32", "weight-only rows", kernels.name());
  }

  @Override
  public int fewRows() {
    return LinearInput.FEW_ROWS;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    if (input.rows() > LinearInput.FEW_ROWS) {
      return manyRows.apply(input, threads);
    }
    Tensor output = Tensor.empty(input.type(), input.rows(), outputFeatures());
    int count = input.rows() * outputFeatures();
    float[] results = input.results(count);
    WeightOnlyProduct product =
        idle.take().orElseGet(() -> new WeightOnlyProduct(kernels, rows, LinearInput.FEW_ROWS));
    try {
      threads.run(product.begin(input.floats(), 0, input.rows(), results));
    } finally {
      idle.giveBack(product);
    }
    RowFormat.addBias(bias, results, count);
    RowFormat.write(results, 0, count, output.memory(), input.type(), 0);
    return output;
  }

  @Override
  public void close() {
    arena.close();
    manyRows.close();
  }
}
