package org.bitatlas.kernel.ascend;

/**
 * Weights of {@code npu_weight_quant_batchmatmul}: codes become values of the model's type before
 * the product. Exact per weight (ops-nn, matmul/weight_quant_batch_matmul_v2); the order in which
 * the cube adds products in fp32 is not published.
 */
public final class WeightOnly {

  private WeightOnly() {}

  /**
   * (w + offset) * scale. A bf16 model adds and multiplies in fp32 and rounds once; an fp16 model
   * rounds after the addition and after the multiplication.
   *
   * @param code w, -128 .. 127
   * @param offset antiquant_offset, already in the model's type; 0 for symmetric weights
   * @param scale antiquant_scale, already in the model's type
   */
  public static float weight(int code, float offset, float scale, HalfFormat type) {
    return switch (type) {
      case BF16 -> type.round((code + offset) * scale);
      case FP16 -> type.round(type.round(code + offset) * scale);
    };
  }

  /**
   * The antiquant_scale of the linear W4A8_DYNAMIC of older releases, whose activations are not
   * quantized.
   *
   * @param channel {@code weight_scale} of the output feature
   * @param second {@code weight_scale_second} of the group
   */
  public static float groupScale(float channel, float second, HalfFormat type) {
    return type.round(channel * second);
  }
}
