package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.AscendOperators;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A layer of {@code W8A8_DYNAMIC} on an NPU, by the operators of Ascend's own library: a scale per
 * token is found, int8 codes are multiplied, the result is bf16. <b>Never run on hardware.</b> What
 * it computes there is emulated on the CPU by {@link AscendLinears}.
 */
public final class NpuLinear implements AutoCloseable {

  /** The operators of a product; those of Ascend's library, or what stands in for them. */
  @FunctionalInterface
  public interface Operators {

    /** {@code npu_dynamic_quant}, then {@code npu_quant_matmul}. */
    Operators ASCEND =
        (activations, weight, scales, bias) ->
            AscendOperators.quantMatmul(
                AscendOperators.dynamicQuant(activations), weight, scales, bias);

    /**
     * Quantizes activations per token and multiplies.
     *
     * @param activations X [M x K], BF16
     * @param weight W^T [K x N], I8
     * @param scales of the weights [N], BF16
     * @param bias b [N], BF16, or empty
     * @return Y [M x N], BF16
     */
    Tensor multiply(Tensor activations, Tensor weight, Tensor scales, Optional<Tensor> bias);
  }

  private final Operators operators;
  private final int inputFeatures;
  private final int outputFeatures;
  private final Tensor weight;
  private final Tensor scales;
  private final Optional<Tensor> bias;

  /**
   * Brings a layer to a device.
   *
   * @param module its name, for messages
   * @param linear W [N x K]
   * @param around what happens to its inputs
   * @param biases b [N], or empty
   * @throws BitAtlasException where it is no layer of {@code W8A8_DYNAMIC}
   */
  public NpuLinear(
      String module,
      GridLinear linear,
      LinearActivations around,
      float[] biases,
      Operators operators,
      Device device) {
    AscendScheme scheme = AscendScheme.of(module, linear, around);
    if (scheme != AscendScheme.W8A8_DYNAMIC) {
      throw new BitAtlasException(
          "The layer %s is %s, and on an NPU only W8A8_DYNAMIC runs in integers here; ask for simulated execution, or emulate it: --numerics ascend-910b."
              .formatted(module, scheme));
    }
    this.operators = operators;
    this.inputFeatures = linear.inputFeatures();
    this.outputFeatures = linear.outputFeatures();
    try (TensorScope _ = TensorScope.open()) {
      MemorySegment codes = MemorySegment.ofArray(transposed(linear));
      this.weight =
          Tensor.fromMemory(
                  codes, ElementType.I8, List.of((long) inputFeatures, (long) outputFeatures))
              .to(device)
              .unscoped();
      this.scales = onDevice(linear.scales(), device);
      this.bias = biases.length == 0 ? Optional.empty() : Optional.of(onDevice(biases, device));
    }
  }

  private static Tensor onDevice(float[] values, Device device) {
    return Tensor.from(values, values.length).to(ElementType.BF16).to(device).unscoped();
  }

  /** Signed codes as [K x N], the layout of the operator's second matrix. */
  private static byte[] transposed(GridLinear linear) {
    byte[] rows = ByteWeights.signed(linear);
    int columns = linear.inputFeatures();
    int features = linear.outputFeatures();
    byte[] codes = new byte[rows.length];
    for (int n = 0; n < features; n++) {
      for (int k = 0; k < columns; k++) {
        codes[k * features + n] = rows[n * columns + k];
      }
    }
    return codes;
  }

  /** The layer's outputs: [.. x K] to [.. x N], BF16. */
  public Tensor apply(Tensor input) {
    try (TensorScope scope = TensorScope.open()) {
      long[] shape = input.shape();
      Tensor rows = input.reshape(-1, inputFeatures).contiguous();
      shape[shape.length - 1] = outputFeatures;
      return scope.keep(operators.multiply(rows, weight, scales, bias).view(shape));
    }
  }

  @Override
  public void close() {
    weight.close();
    scales.close();
    bias.ifPresent(Tensor::close);
  }
}
