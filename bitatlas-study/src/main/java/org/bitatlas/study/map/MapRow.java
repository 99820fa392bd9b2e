package org.bitatlas.study.map;

import java.util.List;
import java.util.Optional;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.scheme.ModelSize;

/**
 * A row of the map: a model under a recipe.
 *
 * @param model name of the model
 * @param recipe label of the recipe, {@code float} for the float model
 * @param method method of the recipe
 * @param bits weight bits
 * @param size memory of the weights, if a cell of the row was run
 * @param execution how the linear layers ran
 * @param notes what quantization had to report
 * @param layerErrors one per quantized layer, in model order; empty for the float model
 */
public record MapRow(
    String model,
    String recipe,
    String method,
    int bits,
    Optional<ModelSize> size,
    String execution,
    List<String> notes,
    List<LayerError> layerErrors) {

  /** Whether this is the float model. */
  public boolean isFloat() {
    return method.equals(org.bitatlas.study.StudyRecipe.FLOAT_LABEL);
  }
}
