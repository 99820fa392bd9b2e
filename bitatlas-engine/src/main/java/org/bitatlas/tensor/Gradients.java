package org.bitatlas.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Differentiation by libtorch's autograd, as a function: nothing is accumulated in tensors. A graph
 * exists only behind a {@link #variable}, so ordinary inference records none; it is freed with the
 * scope of the tensors made from the variable. Forward and backward pass of one graph belong on one
 * thread; different graphs may be worked on at once, also over the same values.
 */
public final class Gradients {

  private Gradients() {}

  /**
   * A tensor that computations are recorded from. It shares the memory of {@code values}, which
   * must not change while the graph is in use, but nothing of the graph behind them.
   */
  public static Tensor variable(Tensor values) {
    Tensor variable = values.detach();
    variable.nativeTensor().set_requires_grad(true);
    return variable;
  }

  /**
   * The gradients of sum_i (outputs[i] . outputGradients[i]) with respect to variables. The graph
   * is used up.
   *
   * @param outputs tensors computed from the variables
   * @param outputGradients for each output a tensor of its shape
   * @param variables what to differentiate by
   * @return for each variable a tensor of its shape; zeros where no output depends on it
   */
  public static List<Tensor> of(
      List<Tensor> outputs, List<Tensor> outputGradients, List<Tensor> variables) {
    try (TensorScope scope = TensorScope.open()) {
      TensorVector gradients =
          torch.grad(
              vector(outputs),
              vector(variables),
              vector(outputGradients),
              new BoolOptional(false),
              false,
              true);
      List<Tensor> result = new ArrayList<>();
      for (int i = 0; i < variables.size(); i++) {
        Tensor gradient = Tensor.copyOfHandle(gradients.get(i), variables.get(i).device());
        result.add(
            scope.keep(
                gradient.isDefined()
                    ? gradient
                    : Tensor.zeros(
                        variables.get(i).device(),
                        variables.get(i).elementType(),
                        variables.get(i).shape())));
      }
      return result;
    }
  }

  /** The gradients of a one-element tensor with respect to variables. */
  public static List<Tensor> of(Tensor output, List<Tensor> variables) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor one =
          Tensor.zeros(output.device(), output.elementType(), output.shape()).fillInPlace(1);
      List<Tensor> gradients = of(List.of(output), List.of(one), variables);
      gradients.forEach(scope::keep);
      return gradients;
    }
  }

  private static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(
        tensors.stream().map(Tensor::nativeTensor).toArray(org.bytedeco.pytorch.Tensor[]::new));
  }
}
