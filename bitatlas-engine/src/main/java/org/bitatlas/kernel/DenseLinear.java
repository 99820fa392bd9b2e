package org.bitatlas.kernel;

import java.util.Locale;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * A linear layer in float, for activations of the same type: one copy of the weight in oneDNN's
 * layout serves one row and many. Where oneDNN has no kernel for the type on this CPU, libtorch
 * multiplies. The rows of the weight can be looked up, so that one table is embedding and head.
 */
public final class DenseLinear implements PackedLinear {

  private final ElementType type;
  private final int outputFeatures;
  private final int inputFeatures;
  private final DenseProduct product;

  DenseLinear(ElementType type, int outputFeatures, int inputFeatures, DenseProduct product) {
    this.type = type;
    this.outputFeatures = outputFeatures;
    this.inputFeatures = inputFeatures;
    this.product = product;
  }

  /**
   * Packs a layer.
   *
   * @param type of weight and activations: F32 or BF16
   * @param outputFeatures N
   * @param inputFeatures K
   * @param rows W [N x K], read once
   * @param bias b [N], or empty
   */
  public static DenseLinear pack(
      ElementType type, int outputFeatures, int inputFeatures, WeightRows rows, float[] bias) {
    DenseProduct product =
        onOneDnn(type, outputFeatures, inputFeatures, rows, bias)
            .orElseGet(() -> LibtorchProduct.of(type, outputFeatures, inputFeatures, rows, bias));
    return new DenseLinear(type, outputFeatures, inputFeatures, product);
  }

  private static Optional<DenseProduct> onOneDnn(
      ElementType type, int outputFeatures, int inputFeatures, WeightRows rows, float[] bias) {
    return OneDnn.ifFast(
        type,
        () ->
            new OneDnnProduct(
                PackedMatmul.packRows(type, outputFeatures, inputFeatures, rows, bias)));
  }

  @Override
  public int outputFeatures() {
    return outputFeatures;
  }

  @Override
  public int inputFeatures() {
    return inputFeatures;
  }

  @Override
  public long bytes() {
    return product.bytes();
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    if (input.type() != type) {
      throw new IllegalArgumentException(
          "activations of %s for a weight of %s".formatted(input.type(), type));
    }
    return product.apply(input, threads);
  }

  /** One kernel serves any number of rows. */
  @Override
  public int fewRows() {
    return Integer.MAX_VALUE;
  }

  @Override
  public KernelChoice choice(int rows) {
    String name = type.toString().toLowerCase(Locale.ROOT);
    return new KernelChoice(
        "%s x %s -> %s".formatted(name, name, name), product.kernel(), product.implementation());
  }

  /**
   * Rows of the weight.
   *
   * @param indexes I rows, 0 .. N - 1
   * @return [I x K] in the type of the weight
   */
  public Tensor rows(long[] indexes) {
    return product.rows(indexes);
  }

  @Override
  public void close() {
    product.close();
  }
}
