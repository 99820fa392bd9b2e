package org.bitatlas.model;

import java.util.Optional;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** A {@link KroneckerTransform} in the type of the weights it stands in front of. */
final class OnlineTransform implements AutoCloseable {
  private final KroneckerTransform transform;
  private final Optional<Tensor> leftTransposed;
  private final Optional<Tensor> right;

  OnlineTransform(KroneckerTransform transform, ElementType type, Device device) {
    this.transform = transform;
    int leftSize = transform.leftSize();
    int rightSize = transform.rightSize();
    try (TensorScope _ = TensorScope.open()) {
      leftTransposed =
          transform
              .left()
              .map(values ->
                  Tensor.from(values, leftSize, leftSize)
                      .transpose(0, 1)
                      .contiguous()
                      .to(type)
                      .to(device)
                      .unscoped());
      right =
          transform
              .right()
              .map(values ->
                  Tensor.from(values, rightSize, rightSize).to(type).to(device).unscoped());
    }
  }

  /** P_L^T X P_R for every row of {@code input} [.. x L R]. */
  Tensor apply(Tensor input) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor matrices = input.reshape(-1, transform.leftSize(), transform.rightSize());
      Tensor mixed = leftTransposed.isPresent() ? leftTransposed.get().matmul(matrices) : matrices;
      Tensor both = right.isPresent() ? mixed.matmul(right.get()) : mixed;
      return scope.keep(both.reshape(input.shape()));
    }
  }

  @Override
  public void close() {
    leftTransposed.ifPresent(Tensor::close);
    right.ifPresent(Tensor::close);
  }
}
