package org.bitatlas.study.recommendation;

import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs.Rounding;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.target.Arithmetic;
import org.bitatlas.study.target.ExecutionScheme;
import org.bitatlas.study.target.ExecutionScheme.Inputs;

/** A setting as a serving stack computes it, for the predictor. */
final class Served {
  /** Scales of the formats are fp16 or bf16 once they are loaded. */
  private static final int SCALE_BYTES = 2;

  /** Weights of a block of GGUF, whose fp16 scale stands in each block. */
  private static final int GGUF_BLOCK = 32;

  private Served() {}

  static ExecutionScheme of(Setting setting, Deployment deployment, Arithmetic floats) {
    boolean dense = deployment.schemes().stream().anyMatch(SupportedScheme::dense);
    if (setting.isFloat() || dense) {
      return ExecutionScheme.floats(deployment.words(), floats);
    }
    boolean blocks = deployment.format().filter(FormatName.GGUF::equals).isPresent();
    Rounding rounding = deployment.schemes().getFirst().inputs().rounding();
    Inputs inputs =
        switch (rounding) {
          case NONE -> Inputs.FLOAT;
          case STATIC_TENSOR -> Inputs.STATIC;
          case DYNAMIC_TENSOR, DYNAMIC_TOKEN -> Inputs.DYNAMIC;
        };
    return new ExecutionScheme(
        deployment.words(),
        setting.bitsByLayer(),
        blocks ? GGUF_BLOCK : setting.groupSize(),
        blocks && !setting.symmetric() ? 2 * SCALE_BYTES : SCALE_BYTES,
        !blocks && !setting.symmetric(),
        factors(setting, inputs, floats),
        floats,
        inputs,
        StudyRecipe.FLOAT_BITS);
  }

  private static Arithmetic factors(Setting setting, Inputs inputs, Arithmetic floats) {
    if (inputs == Inputs.FLOAT) {
      return floats;
    }
    return setting.inputs().bits() <= 4 && setting.bits() <= 4 ? Arithmetic.INT4 : Arithmetic.INT8;
  }
}
