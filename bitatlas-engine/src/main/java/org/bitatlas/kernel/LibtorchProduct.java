package org.bitatlas.kernel;

import java.util.Optional;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** A float product with W [N x K] as it is. */
record LibtorchProduct(Tensor weight, Optional<Tensor> bias) implements DenseProduct {

  static LibtorchProduct of(
      ElementType type, int outputFeatures, int inputFeatures, WeightRows rows, float[] bias) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor weight = Tensor.empty(type, outputFeatures, inputFeatures).unscoped();
      rows.readAll(weight.memory(), outputFeatures);
      return new LibtorchProduct(
          weight,
          bias.length > 0
              ? Optional.of(Tensor.from(bias, bias.length).to(type).unscoped())
              : Optional.empty());
    }
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    return input.tensor().linear(weight, bias);
  }

  @Override
  public Tensor rows(long[] indexes) {
    return weight.indexSelect(0, Tensor.fromLongs(indexes, indexes.length));
  }

  @Override
  public long bytes() {
    return weight.memory().byteSize();
  }

  @Override
  public String kernel() {
    return "float product";
  }

  @Override
  public String implementation() {
    return "libtorch";
  }

  @Override
  public void close() {
    weight.close();
    bias.ifPresent(Tensor::close);
  }
}
