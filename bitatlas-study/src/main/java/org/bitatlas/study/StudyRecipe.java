package org.bitatlas.study;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.Execution;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;

/**
 * One row of the map: the float model, a quantization recipe, a checkpoint that is there already,
 * or the model behind an endpoint.
 *
 * @param label name of the row, unique within a study, for example {@code GPTQ W4}
 * @param recipe the recipe; empty for any other row
 * @param endpoint the endpoint; empty for what runs here
 * @param checkpoint the checkpoint; empty for any other row
 * @param facts what the checkpoint turned out to be; empty before it was opened
 * @param emulation the machine whose arithmetic the row emulates; empty for the study's execution
 * @param calibration what the row is calibrated on; empty for the study's calibration
 */
public record StudyRecipe(
    String label,
    Optional<Recipe> recipe,
    Optional<EndpointSpec> endpoint,
    Optional<CheckpointSpec> checkpoint,
    Optional<CheckpointFacts> facts,
    Optional<Execution> emulation,
    Optional<CalibrationSpec> calibration) {

  /** A row in the study's execution and on its calibration. */
  private StudyRecipe(
      String label,
      Optional<Recipe> recipe,
      Optional<EndpointSpec> endpoint,
      Optional<CheckpointSpec> checkpoint) {
    this(label, recipe, endpoint, checkpoint, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Method of an endpoint's row: how its weights were made is not known here. */
  public static final String ENDPOINT_METHOD = "endpoint";

  /** What the method of a checkpoint's row ends with; the name of its format stands in front. */
  public static final String CHECKPOINT_METHOD = "checkpoint";

  /** Method of a row whose numbers were read from another program's file. */
  public static final String IMPORTED_METHOD = "imported";

  /** Method of a row whose records were made on another platform than those of its study. */
  public static final String MERGED_METHOD = "merged";

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
    return floats(FLOAT_LABEL);
  }

  /** The float model, run again. */
  public static StudyRecipe floatAgain() {
    return floats(AGAIN_LABEL);
  }

  private static StudyRecipe floats(String label) {
    return new StudyRecipe(label, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** A quantized row. */
  public static StudyRecipe of(String label, Recipe recipe) {
    return new StudyRecipe(label, Optional.of(recipe), Optional.empty(), Optional.empty());
  }

  /** The row of a checkpoint that is there already. */
  public static StudyRecipe of(CheckpointSpec checkpoint) {
    return new StudyRecipe(
        checkpoint.label(), Optional.empty(), Optional.empty(), Optional.of(checkpoint));
  }

  /** This row of a checkpoint, once that was opened; the label says its format. */
  StudyRecipe opened(CheckpointFacts found) {
    CheckpointSpec own = checkpoint.orElseThrow();
    StudyRecipe row =
        new StudyRecipe(
            "%s [%s]".formatted(own.label(), found.format()),
            recipe,
            endpoint,
            checkpoint,
            Optional.of(found),
            Optional.empty(),
            calibration);
    return emulation.map(row::emulating).orElse(row);
  }

  /** This quantized row in the arithmetic of another machine; the label says so. */
  public StudyRecipe emulating(Execution machine) {
    return new StudyRecipe(
        "%s [emulated %s numerics, never run on hardware]".formatted(label, machine.numerics()),
        recipe,
        endpoint,
        checkpoint,
        facts,
        Optional.of(machine),
        calibration);
  }

  /**
   * This quantized row on a calibration of its own, in place of {@code study}; the label says so.
   */
  StudyRecipe calibratedOn(CalibrationSpec own, CalibrationSpec study) {
    return new StudyRecipe(
        label + " " + own.label(study),
        recipe,
        endpoint,
        checkpoint,
        facts,
        emulation,
        Optional.of(own));
  }

  /** The model behind an endpoint; the label says that it is one. */
  public static StudyRecipe of(EndpointSpec endpoint) {
    return new StudyRecipe(
        endpoint.label() + " [" + ENDPOINT_METHOD + "]",
        Optional.empty(),
        Optional.of(endpoint),
        Optional.empty());
  }

  /** Whether this is the float model, in its first run. */
  public boolean isFloat() {
    return isUnchanged() && !isAgain();
  }

  /** Whether this is the float model, run again. */
  public boolean isAgain() {
    return isUnchanged() && label.equals(AGAIN_LABEL);
  }

  private boolean isUnchanged() {
    return recipe.isEmpty() && endpoint.isEmpty() && checkpoint.isEmpty();
  }

  /** Whether the row is of the model of a study that has this name. */
  boolean belongsTo(String model) {
    return endpoint.stream().allMatch(own -> own.belongsTo(model))
        && checkpoint.stream().allMatch(own -> own.belongsTo(model));
  }

  /** Name of the method, for example {@code GPTQ}; the label for the float model. */
  public String method() {
    String own = label;
    if (endpoint.isPresent()) {
      own = ENDPOINT_METHOD;
    } else if (checkpoint.isPresent()) {
      own = facts.map(known -> known.format() + " ").orElse("") + CHECKPOINT_METHOD;
    } else if (recipe.isPresent()) {
      own = recipe.get().method();
    }
    return own + emulation.map(machine -> " on " + machine.numerics()).orElse("");
  }

  /**
   * Weight bits of the recipe, or of most layers of the checkpoint; 16 for the float model, 0 for
   * an endpoint, which does not tell, and a checkpoint that was not opened.
   */
  public int bits() {
    if (endpoint.isPresent() || checkpoint.isPresent()) {
      return facts.map(CheckpointFacts::bits).orElse(0);
    }
    return recipe.map(Recipe::bits).orElse(FLOAT_BITS);
  }

  /** Whether the codes depend on calibration data. */
  public boolean usesCalibration() {
    return recipe.filter(Recipe::needsCalibration).isPresent();
  }

  /** Whether the bits of its layers are found under a budget. */
  public boolean isAdaptive() {
    return recipe.filter(r -> r.allocation() instanceof BitAllocation.Adaptive).isPresent();
  }

  /** All options with their values, in a fixed order. */
  public SequencedMap<String, String> describe() {
    return recipe
        .map(Recipe::describe)
        .or(() -> facts.map(CheckpointFacts::options))
        .orElseGet(() -> new LinkedHashMap<>());
  }
}
