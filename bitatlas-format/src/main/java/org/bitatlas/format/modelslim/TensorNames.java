package org.bitatlas.format.modelslim;

import java.util.Set;
import org.bitatlas.model.Architecture.Projection;

/** What follows a module's name in the names of its tensors. */
public final class TensorNames {

  /** Codes, or the float weight. */
  public static final String WEIGHT = ".weight";

  /** Bias [N], float. */
  public static final String BIAS = ".bias";

  /** Scale of the activations [1]. */
  public static final String INPUT_SCALE = ".input_scale";

  /** Offset of the activations [1], a whole number of -128 to 127. */
  public static final String INPUT_OFFSET = ".input_offset";

  /** Bias and offset in units of the accumulator [N]. */
  public static final String QUANT_BIAS = ".quant_bias";

  /** Scale of the accumulator [N]. */
  public static final String DEQ_SCALE = ".deq_scale";

  /** Scale of each output channel [N x 1]. */
  public static final String WEIGHT_SCALE = ".weight_scale";

  /** Offset of each output channel [N x 1]; 0. */
  public static final String WEIGHT_OFFSET = ".weight_offset";

  /** Second scale of each group [N x K / g]. */
  public static final String WEIGHT_SCALE_SECOND = ".weight_scale_second";

  /** Second offset of each group [N x K / g]; 0. */
  public static final String WEIGHT_OFFSET_SECOND = ".weight_offset_second";

  /** What a kernel adds that reads a nibble as code + 8: [N x 1] or [N x 16]. */
  public static final String SCALE_BIAS = ".scale_bias";

  /** Left Kronecker factor [L x L]. */
  public static final String LEFT_TRANS = ".left_trans";

  /** Right Kronecker factor [R x R]. */
  public static final String RIGHT_TRANS = ".right_trans";

  /** Factor on the range of the activations [1]. */
  public static final String CLIP_RATIO = ".clip_ratio";

  private static final Set<String> ROW_PARALLEL =
      Set.of(Projection.OUTPUT.path(), Projection.DOWN.path());

  private TensorNames() {}

  /**
   * Whether tensor parallelism splits a module's input features, as it does for o_proj and
   * down_proj; the output features of all others are split.
   */
  public static boolean splitsInputs(String module) {
    return ROW_PARALLEL.stream().anyMatch(module::endsWith);
  }
}
