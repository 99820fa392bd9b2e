package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.Rounding.Nearest;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.InverseFactor;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Quantizes a model block by block. The calibration set is embedded once; in front of each block
 * the Gram matrices of the four distinct inputs of its linears are gathered, the seven linears are
 * quantized, their weights replaced by the dequantized ones, and the block is run again: the next
 * block sees what quantized blocks produce (GPTQ's order). With {@code trueSequential} the four
 * inputs are observed one after the other, each with the linears before it already quantized.
 *
 * <p>Round to nearest needs no calibration; with a calibration set it runs through the same blocks,
 * so that its layer errors are measured as GPTQ's are.
 *
 * <p>The result does not depend on the number of threads. Interrupting the calling thread ends the
 * work with a {@link java.util.concurrent.CancellationException}; the model is then partly
 * quantized.
 */
public final class QuantizationPipeline {

  /** Raised when the same model, recipe and calibration set give another checkpoint. */
  public static final int BEHAVIOUR_VERSION = 1;

  private static final List<List<InputGroup>> ONE_PASS = List.of(List.of(InputGroup.values()));
  private static final List<List<InputGroup>> SUB_PASSES =
      List.of(
          List.of(InputGroup.ATTENTION),
          List.of(InputGroup.ATTENTION_OUTPUT),
          List.of(InputGroup.MLP),
          List.of(InputGroup.MLP_OUTPUT));

  private final TransformerModel model;
  private final Recipe recipe;
  private final Tiles tiles;
  private final ErrorMeter meter;
  private final Consumer<? super QuantizationProgress> listener;
  private final SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
  private final List<LayerError> errors = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private QuantizationPipeline(
      TransformerModel model,
      Recipe recipe,
      Tiles tiles,
      Consumer<? super QuantizationProgress> listener) {
    this.model = model;
    this.recipe = recipe;
    this.tiles = tiles;
    this.meter = new ErrorMeter(tiles);
    this.listener = listener;
  }

  /**
   * Quantizes every linear layer of the blocks; embedding, norms, biases and head stay float.
   *
   * @param model a private copy in fp32, or in the type its weights are stored in: its weights are
   *     replaced by the dequantized ones
   * @param baseName name of the float model, for the provenance
   * @param baseDigest digest of its weights, for the provenance
   * @param recipe what to do
   * @param calibration calibration data; GPTQ needs it
   * @param threads threads to use, at least 1
   * @param listener told after each linear layer, on the calling thread
   * @throws BitAtlasException when the recipe needs calibration data and there is none, or when a
   *     weight or a calibration input is not finite
   */
  public static QuantizationResult quantize(
      TransformerModel model,
      String baseName,
      String baseDigest,
      Recipe recipe,
      Optional<CalibrationSet> calibration,
      int threads,
      Consumer<? super QuantizationProgress> listener) {
    if (recipe.needsCalibration() && calibration.isEmpty()) {
      throw new BitAtlasException(
          recipe.label() + " needs calibration data: give a calibration set.");
    }
    try (Tiles tiles = new Tiles(threads)) {
      QuantizationPipeline pipeline = new QuantizationPipeline(model, recipe, tiles, listener);
      pipeline.run(calibration);
      return pipeline.result(baseName, baseDigest, calibration);
    }
  }

  private void run(Optional<CalibrationSet> calibration) {
    Optional<CalibrationStream> stream =
        calibration.map(set -> new CalibrationStream(model, set, tiles));
    boolean sequential = recipe.rounding() instanceof Gptq gptq && gptq.trueSequential();
    int layers = model.architecture().layers();
    for (int layer = 0; layer < layers; layer++) {
      for (List<InputGroup> groups : sequential ? SUB_PASSES : ONE_PASS) {
        quantizeGroups(layer, groups, stream);
      }
      if (stream.isPresent() && layer + 1 < layers) {
        stream.get().advance(layer);
      }
    }
  }

  private void quantizeGroups(
      int layer, List<InputGroup> groups, Optional<CalibrationStream> stream) {
    Map<InputGroup, double[]> hessians =
        stream.map(present -> present.observe(layer, groups)).orElseGet(Map::of);
    for (InputGroup group : groups) {
      Optional<double[]> hessian = Optional.ofNullable(hessians.get(group));
      Optional<InverseFactor> factor = factor(layer, group, hessian);
      for (Projection projection : group.projections()) {
        quantizeLinear(layer, projection, hessian, factor);
      }
    }
  }

  /** U of a group's inputs; empty for round to nearest. */
  private Optional<InverseFactor> factor(int layer, InputGroup group, Optional<double[]> hessian) {
    return switch (recipe.rounding()) {
      case Nearest _ -> Optional.empty();
      case Gptq gptq -> {
        String module = group.observed().module(layer);
        int columns = model.architecture().inputFeatures(group.observed());
        Optional<InverseFactor> factor =
            InverseFactor.of(
                hessian.orElseThrow(), columns, gptq.damping(), gptq.actOrder(), module, tiles);
        group.projections().forEach(p -> noteTrouble(p.module(layer), gptq, factor));
        yield factor;
      }
      case Rounding.Gptaq _, Rounding.Billm _, Rounding.SlimLlm _ ->
          throw new BitAtlasException(recipe.method() + " is not part of this version.");
    };
  }

  private void noteTrouble(String module, Gptq gptq, Optional<InverseFactor> factor) {
    if (factor.isEmpty()) {
      notes.add(
          module
              + ": the Hessian of its calibration inputs is not positive definite at any damping;"
              + " rounded to nearest instead.");
      return;
    }
    if (factor.get().damping() != gptq.damping()) {
      notes.add(
          "%s: the Hessian of its calibration inputs is not positive definite; damping raised from %s to %s."
              .formatted(module, gptq.damping(), factor.get().damping()));
    }
  }

  private void quantizeLinear(
      int layer,
      Projection projection,
      Optional<double[]> hessian,
      Optional<InverseFactor> factor) {
    String module = projection.module(layer);
    int rows = model.architecture().outputFeatures(projection);
    int columns = model.architecture().inputFeatures(projection);
    float[] weight = model.weight(layer, projection);
    requireFinite(weight, module);
    GridLinear linear = ColumnSweep.round(weight, rows, columns, recipe, factor, tiles).linear();
    float[] quantized = linear.dequantize();
    model.setWeight(layer, projection, quantized);
    linears.put(module, linear);
    errors.add(
        new LayerError(
            layer,
            projection,
            meter.outputError(weight, quantized, columns, hessian),
            ErrorMeter.weightError(weight, quantized)));
    int total = model.architecture().layers() * Projection.values().length;
    listener.accept(new QuantizationProgress(linears.size(), total, module));
  }

  private static void requireFinite(float[] weight, String module) {
    for (float value : weight) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException(
            "The weight of "
                + module
                + " has a value that is not finite; the float checkpoint is damaged.");
      }
    }
  }

  private QuantizationResult result(
      String baseName, String baseDigest, Optional<CalibrationSet> calibration) {
    SequencedMap<String, Integer> versions = new LinkedHashMap<>();
    versions.put("model", TransformerModel.BEHAVIOUR_VERSION);
    versions.put("calibration", CalibrationSets.BEHAVIOUR_VERSION);
    versions.put("rounding", ColumnSweep.BEHAVIOUR_VERSION);
    versions.put("pipeline", BEHAVIOUR_VERSION);
    Provenance provenance =
        new Provenance(
            baseName,
            baseDigest,
            recipe.describe(),
            calibration.map(CalibrationSet::description).orElseGet(LinkedHashMap::new),
            versions);
    return new QuantizationResult(
        new QuantizedCheckpoint(linears, provenance), List.copyOf(errors), List.copyOf(notes));
  }
}
