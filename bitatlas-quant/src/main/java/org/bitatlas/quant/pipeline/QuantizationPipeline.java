package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Quantizes a model block by block. One block is in memory at a time, in fp32; the hidden states in
 * front of it come from the block before, original or quantized as the method wants it
 * (docs/methods): transforms are searched on the float stream, GPTQ, BiLLM and SliM-LLM see what
 * quantized blocks produce, GPTAQ both.
 *
 * <p>Round to nearest needs no calibration; with a calibration set it runs through the same blocks,
 * so that its layer errors are measured as GPTQ's are.
 *
 * <p>The result does not depend on the number of threads. Interrupting the calling thread ends the
 * work with a {@link java.util.concurrent.CancellationException}.
 */
public final class QuantizationPipeline {

  /** Raised when the same model, recipe and calibration set give another checkpoint. */
  public static final int BEHAVIOUR_VERSION = 2;

  private QuantizationPipeline() {}

  /**
   * A float model to quantize.
   *
   * @param name its name, for the provenance
   * @param architecture its architecture
   * @param checkpoint its tensors; must stay open
   */
  public record Source(String name, Architecture architecture, Checkpoint checkpoint) {}

  /**
   * Quantizes into memory.
   *
   * @param source the float model
   * @param recipe what to do
   * @param calibration calibration data; most methods need it
   * @param threads threads to use, at least 1
   * @param listener told after each linear layer, on the calling thread
   * @throws BitAtlasException when the recipe needs calibration data and there is none, or when a
   *     weight or a calibration input is not finite
   */
  public static QuantizationResult quantize(
      Source source,
      Recipe recipe,
      Optional<CalibrationSet> calibration,
      int threads,
      Consumer<? super QuantizationProgress> listener) {
    requireCalibration(recipe, calibration);
    List<BlockOutcome> outcomes = new ArrayList<>();
    try (Tiles tiles = new Tiles(threads);
        BlockLoader loader =
            new BlockLoader(source.architecture(), source.checkpoint(), Precision.FP32);
        Streams streams = streams(0, recipe, StateStore.IN_MEMORY, loader, calibration, tiles)) {
      ProgressCounter progress = new ProgressCounter(source.architecture(), recipe, listener);
      BlockQuantizer quantizer =
          new BlockQuantizer(loader, recipe, streams, tiles, threads, progress::done);
      for (int layer = 0; layer < source.architecture().layers(); layer++) {
        outcomes.add(quantizer.quantize(layer));
        streams.forget();
      }
    }
    return result(source, recipe, calibration, outcomes);
  }

  private static void requireCalibration(Recipe recipe, Optional<CalibrationSet> calibration) {
    if (recipe.needsCalibration() && calibration.isEmpty()) {
      throw new BitAtlasException(
          recipe.label() + " needs calibration data: give a calibration set.");
    }
  }

  private static Streams streams(
      int layer,
      Recipe recipe,
      StateStore store,
      BlockLoader loader,
      Optional<CalibrationSet> calibration,
      Tiles tiles) {
    if (calibration.isEmpty()) {
      return new Streams(Optional.empty(), Optional.empty());
    }
    boolean transforms = !(recipe.transform() instanceof Transform.None);
    boolean nearest = recipe.rounding() instanceof Rounding.Nearest;
    boolean needsFloats = transforms || recipe.rounding() instanceof Rounding.Gptaq;
    boolean needsQuantized = !nearest || !transforms;
    CalibrationSet set = calibration.get();
    Optional<ActivationStream> floats =
        needsFloats
            ? Optional.of(ActivationStream.at(layer, "float", store, loader, set, tiles))
            : Optional.empty();
    Optional<ActivationStream> quantized =
        needsQuantized
            ? Optional.of(ActivationStream.at(layer, "quantized", store, loader, set, tiles))
            : Optional.empty();
    return new Streams(floats, quantized);
  }

  private static QuantizationResult result(
      Source source,
      Recipe recipe,
      Optional<CalibrationSet> calibration,
      List<BlockOutcome> outcomes) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    SequencedMap<Integer, AttentionActivations> attention = new LinkedHashMap<>();
    SequencedMap<String, FloatTensor> floats = new LinkedHashMap<>();
    List<LayerReport> reports = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (int layer = 0; layer < outcomes.size(); layer++) {
      BlockOutcome outcome = outcomes.get(layer);
      linears.putAll(outcome.parts().linears());
      activations.putAll(outcome.parts().activations());
      if (!outcome.parts().attention().equals(AttentionActivations.NONE)) {
        attention.put(layer, outcome.parts().attention());
      }
      floats.putAll(outcome.parts().floats());
      reports.addAll(outcome.reports());
      notes.addAll(outcome.notes());
    }
    return new QuantizationResult(
        new QuantizedCheckpoint(
            linears, activations, attention, floats, provenance(source, recipe, calibration)),
        List.copyOf(reports),
        List.copyOf(notes));
  }

  private static Provenance provenance(
      Source source, Recipe recipe, Optional<CalibrationSet> calibration) {
    SequencedMap<String, Integer> versions = new LinkedHashMap<>();
    versions.put("model", TransformerModel.BEHAVIOUR_VERSION);
    versions.put("calibration", CalibrationSets.BEHAVIOUR_VERSION);
    versions.put("rounding", ColumnSweep.BEHAVIOUR_VERSION);
    versions.put("pipeline", BEHAVIOUR_VERSION);
    return new Provenance(
        source.name(),
        source.checkpoint().weightsDigest(),
        recipe.describe(),
        calibration.map(CalibrationSet::description).orElseGet(LinkedHashMap::new),
        versions);
  }

  /** Counts linear layers for the listener. */
  private static final class ProgressCounter {
    private final int total;
    private final Consumer<? super QuantizationProgress> listener;
    private int finished;

    ProgressCounter(
        Architecture architecture, Recipe recipe, Consumer<? super QuantizationProgress> listener) {
      this.listener = listener;
      int count = 0;
      for (int layer = 0; layer < architecture.layers(); layer++) {
        for (Projection projection : Projection.values()) {
          count += recipe.excludes(projection.module(layer)) ? 0 : 1;
        }
      }
      this.total = count;
    }

    void done(LayerReport report) {
      finished++;
      listener.accept(new QuantizationProgress(finished, total, report));
    }
  }
}
