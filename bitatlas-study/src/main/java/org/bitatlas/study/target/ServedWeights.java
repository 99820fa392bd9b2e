package org.bitatlas.study.target;

import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.quant.method.WeightScheme;

/**
 * How the layers of a checkpoint lie in memory and are multiplied once a serving stack has them.
 */
public final class ServedWeights {
  /** Scales of the formats are fp16 or bf16 once they are loaded. */
  private static final int SCALE_BYTES = 2;

  /** Weights of a block of GGUF, whose fp16 scale stands in each block. */
  private static final int GGUF_BLOCK = 32;

  private static final int NIBBLE = 4;

  private ServedWeights() {}

  /** A weight on a grid in a format; GGUF knows 4 and 8 bits of those that are loaded. */
  public static StoredWeight of(FormatName format, WeightScheme scheme) {
    boolean symmetric = scheme.grid().symmetric();
    if (format == FormatName.GGUF) {
      return StoredWeight.codes(
          scheme.bits(), GGUF_BLOCK, symmetric ? SCALE_BYTES : 2 * SCALE_BYTES, false);
    }
    return StoredWeight.codes(scheme.bits(), scheme.groupSize(), SCALE_BYTES, !symmetric);
  }

  /** Type of the factors of a linear layer's products. */
  public static Arithmetic factors(Inputs inputs, int weightBits, Arithmetic floats) {
    if (inputs.rounding() == Inputs.Rounding.NONE) {
      return floats;
    }
    return inputs.bits() <= NIBBLE && weightBits <= NIBBLE ? Arithmetic.INT4 : Arithmetic.INT8;
  }

  /** When the ranges of inputs are found. */
  public static ExecutionScheme.Inputs inputs(Inputs inputs) {
    return switch (inputs.rounding()) {
      case NONE -> ExecutionScheme.Inputs.FLOAT;
      case STATIC_TENSOR -> ExecutionScheme.Inputs.STATIC;
      case DYNAMIC_TENSOR, DYNAMIC_TOKEN -> ExecutionScheme.Inputs.DYNAMIC;
    };
  }

  /** The type that a target keeps floats in: bf16, or fp16 where only that has a peak. */
  public static Arithmetic floats(HardwareTarget target) {
    boolean onlyHalf =
        target.peak(Arithmetic.BF16).isEmpty() && target.peak(Arithmetic.FP16).isPresent();
    return onlyHalf ? Arithmetic.FP16 : Arithmetic.BF16;
  }
}
