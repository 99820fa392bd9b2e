package org.bitatlas.tensor;

import java.util.List;
import java.util.Optional;

/**
 * Operators of torch_npu by name, with the arguments that vLLM-Ascend gives them. Never run on
 * hardware: without {@link AscendLibrary} every call ends in a sentence. Arguments are positional,
 * so that a release of torch_npu whose schema has others is refused by libtorch.
 */
public final class AscendOperators {

  /** libtorch's number of bf16 among scalar types. */
  private static final long BF16 = 15;

  private static final Optional<Tensor> NONE = Optional.empty();

  private AscendOperators() {}

  /**
   * Codes of a row.
   *
   * @param codes [M x K], I8
   * @param scales [M], F32
   */
  public record TokenCodes(Tensor codes, Tensor scales) {}

  /**
   * {@code npu_dynamic_quant}: codes of 8 bits with a scale per token.
   *
   * @param activations X [M x K], BF16 or F16, on an NPU
   */
  public static TokenCodes dynamicQuant(Tensor activations) {
    AscendLibrary.load();
    List<Tensor> results =
        NamedOperator.find("npu::npu_dynamic_quant", "")
            .call(activations.device(), activations, NONE, NONE, NONE);
    return new TokenCodes(results.get(0), results.get(1));
  }

  /**
   * {@code npu_quant_matmul} with a scale per token, to bf16.
   *
   * @param input codes and scales of X [M x K], on an NPU
   * @param weight W^T [K x N], I8
   * @param weightScales [N], BF16 or F32
   * @param bias b [N], or empty
   * @return Y [M x N], BF16
   */
  public static Tensor quantMatmul(
      TokenCodes input, Tensor weight, Tensor weightScales, Optional<Tensor> bias) {
    AscendLibrary.load();
    Object added = bias.isPresent() ? bias.get() : NONE;
    return NamedOperator.find("npu::npu_quant_matmul", "")
        .call(
            weight.device(),
            input.codes(),
            weight,
            weightScales,
            NONE,
            input.scales(),
            added,
            BF16,
            NONE)
        .getFirst();
  }
}
