package org.bitatlas.study;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.quant.method.Recipe;

/**
 * One row of the map: the float model, or a quantization recipe.
 *
 * @param label name of the row, unique within a study, for example {@code GPTQ W4}
 * @param recipe the recipe; empty for the float model
 */
public record StudyRecipe(String label, Optional<Recipe> recipe) {

  /** Name of the float row. */
  public static final String FLOAT_LABEL = "float";

  /** Name of the float model that is run again in other batches. */
  public static final String AGAIN_LABEL = "float again";

  /** Name of what was different in that run among the inputs of its records. */
  public static final String AGAIN_INPUT = "again";

  /** Bits per weight of the float row, as the map sorts it. */
  public static final int FLOAT_BITS = 16;

  /** What the names of a recipe's options begin with among the inputs of a record. */
  public static final String INPUT_PREFIX = "recipe.";

  /** The float model. */
  public static StudyRecipe floatModel() {
    return new StudyRecipe(FLOAT_LABEL, Optional.empty());
  }

  /** The float model, run again. */
  public static StudyRecipe floatAgain() {
    return new StudyRecipe(AGAIN_LABEL, Optional.empty());
  }

  /** A quantized row. */
  public static StudyRecipe of(String label, Recipe recipe) {
    return new StudyRecipe(label, Optional.of(recipe));
  }

  /** Whether this is the float model, in its first run. */
  public boolean isFloat() {
    return recipe.isEmpty() && !isAgain();
  }

  /** Whether this is the float model, run again. */
  public boolean isAgain() {
    return recipe.isEmpty() && label.equals(AGAIN_LABEL);
  }

  /** Name of the method, for example {@code GPTQ}; the label for the float model. */
  public String method() {
    return recipe.map(Recipe::method).orElse(label);
  }

  /** Weight bits of the recipe; 16 for the float model. */
  public int bits() {
    return recipe.map(Recipe::bits).orElse(FLOAT_BITS);
  }

  /** Whether the codes depend on calibration data. */
  public boolean usesCalibration() {
    return recipe.filter(Recipe::needsCalibration).isPresent();
  }

  /** All options with their values, in a fixed order. */
  public SequencedMap<String, String> describe() {
    return recipe.map(Recipe::describe).orElseGet(() -> new LinkedHashMap<>());
  }
}
