package org.bitatlas.study.map;

import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;

/**
 * A row of the map: a model under a recipe.
 *
 * @param model name of the model
 * @param recipe label of the recipe, {@code float} for the float model
 * @param method method of the recipe
 * @param bits weight bits
 * @param options all options of the recipe by name; empty for the float model and before a cell of
 *     the row was run
 * @param size memory of the weights, if a cell of the row was run
 * @param execution how the linear layers ran
 * @param notes what quantization had to report
 * @param layerErrors one per quantized layer, in model order; empty for the float model
 * @param layers a report per quantized layer, in model order; empty for the float model, and for
 *     records of a version that kept the errors alone
 */
public record MapRow(
    String model,
    String recipe,
    String method,
    int bits,
    SequencedMap<String, String> options,
    Optional<ModelSize> size,
    String execution,
    List<String> notes,
    List<LayerError> layerErrors,
    List<LayerReport> layers) {

  /** Whether the inputs of linear layers are quantized. */
  public boolean quantizesActivations() {
    String bits = options.getOrDefault("a_bits", "");
    return !bits.isEmpty() && !bits.equals(Integer.toString(ActivationPolicy.FLOAT_BITS));
  }

  /** Whether something else than BitAtlas's engine computed it, or another machine. */
  public boolean isForeign() {
    return method.equals(org.bitatlas.study.StudyRecipe.ENDPOINT_METHOD)
        || method.equals(org.bitatlas.study.StudyRecipe.IMPORTED_METHOD)
        || method.equals(org.bitatlas.study.StudyRecipe.MERGED_METHOD);
  }

  /** Whether its weights were quantized before the study, by whatever program. */
  public boolean isCheckpoint() {
    return method.endsWith(" " + org.bitatlas.study.StudyRecipe.CHECKPOINT_METHOD)
        || method.contains(" " + org.bitatlas.study.StudyRecipe.CHECKPOINT_METHOD + " ");
  }

  /** Whether this is the float model. */
  public boolean isFloat() {
    return method.equals(org.bitatlas.study.StudyRecipe.FLOAT_LABEL);
  }
}
