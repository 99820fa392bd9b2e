package org.bitatlas.quant.pipeline;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.BlockBinarization;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.MixedPrecision;
import org.bitatlas.quant.rounding.SignRounding;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.AwqSearch;
import org.bitatlas.quant.transform.SmoothQuantSearch;
import org.bitatlas.quant.transform.flatquant.FlatQuantSearch;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedFolderWriter;
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

  /** Beside a quantized checkpoint: the reports of all layers and the notes. */
  public static final String REPORT_FILE = "quantization_report.json";

  /** Raised when the same model, recipe and calibration set give another checkpoint. */
  public static final int BEHAVIOUR_VERSION = 3;

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
   * @param listener told of progress
   * @throws BitAtlasException when the recipe needs calibration data and there is none, or when a
   *     weight or a calibration input is not finite
   */
  public static QuantizationResult quantize(
      Source source,
      Recipe recipe,
      Optional<CalibrationSet> calibration,
      int threads,
      QuantizationListener listener) {
    requireCalibration(recipe, calibration);
    MemorySink sink = new MemorySink();
    TableRounder.Tables tables =
        run(source, recipe, calibration, threads, listener, sink, new StageClock());
    return sink.result(tables, provenance(source, recipe, calibration));
  }

  /**
   * Quantizes into a folder, block after block, with the hidden states in files beside it: memory
   * does not grow with the number of blocks. A run that ends early leaves a hidden folder; the next
   * run with the same model, recipe and calibration set goes on at the block it was in and writes
   * the same bytes.
   *
   * @param modelFolder where config.json, tokenizer files and licences are copied from
   * @param target the folder to write
   * @return reports of all layers, also of those an earlier run has done
   * @throws BitAtlasException as {@link #quantize}, or when the folder cannot be written
   */
  public static QuantizationSummary quantizeTo(
      Source source,
      Path modelFolder,
      Path target,
      Recipe recipe,
      Optional<CalibrationSet> calibration,
      int threads,
      QuantizationListener listener) {
    requireCalibration(recipe, calibration);
    Provenance provenance = provenance(source, recipe, calibration);
    try (QuantizedFolderWriter writer =
        QuantizedFolderWriter.open(target, source.checkpoint(), modelFolder, key(provenance))) {
      int resumed = writer.blocksDone();
      FolderSink sink = new FolderSink(writer);
      StageClock clock = new StageClock();
      TableRounder.Tables tables = run(source, recipe, calibration, threads, listener, sink, clock);
      QuantizationSummary summary = sink.summary(tables, resumed, clock);
      writer.finish(
          tables.parts(),
          provenance,
          Map.of(REPORT_FILE, new BlockJournal(summary.layers(), summary.notes()).toJson() + "\n"));
      return summary;
    }
  }

  private static String key(Provenance provenance) {
    return provenance.baseWeightsDigest()
        + provenance.recipe()
        + provenance.calibration()
        + provenance.versions();
  }

  private static TableRounder.Tables run(
      Source source,
      Recipe recipe,
      Optional<CalibrationSet> calibration,
      int threads,
      QuantizationListener listener,
      BlockSink sink,
      StageClock clock) {
    int layers = source.architecture().layers();
    int first = sink.done();
    try (Tiles tiles = new Tiles(threads)) {
      if (first < layers) {
        StateStore states = sink.states();
        states.keepOnly(first);
        ProgressCounter progress =
            new ProgressCounter(source.architecture(), recipe, first, listener);
        try (BlockLoader loader =
                new BlockLoader(source.architecture(), source.checkpoint(), Precision.FP32);
            Streams streams = streams(first, recipe, states, loader, calibration, tiles)) {
          BlockQuantizer quantizer =
              new BlockQuantizer(loader, recipe, streams, tiles, threads, clock, progress);
          for (int layer = first; layer < layers; layer++) {
            sink.add(layer, quantizer.quantize(layer));
            states.measure();
            streams.forget();
          }
        }
      }
      return new TableRounder(source, recipe, tiles).round();
    }
  }

  private static void requireCalibration(Recipe recipe, Optional<CalibrationSet> calibration) {
    if (recipe.allocation() instanceof BitAllocation.Adaptive) {
      throw new IllegalArgumentException(
          "the bits of " + recipe.label() + " have to be found before it is carried out");
    }
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

  /** Behaviour versions of all stages: another result means another version of one of them. */
  public static SequencedMap<String, Integer> versions() {
    SequencedMap<String, Integer> versions = new LinkedHashMap<>();
    versions.put("model", TransformerModel.BEHAVIOUR_VERSION);
    versions.put("calibration", CalibrationSets.BEHAVIOUR_VERSION);
    versions.put("rounding", ColumnSweep.BEHAVIOUR_VERSION);
    versions.put("sign", SignRounding.BEHAVIOUR_VERSION);
    versions.put("billm", BlockBinarization.BEHAVIOUR_VERSION);
    versions.put("slim-llm", MixedPrecision.BEHAVIOUR_VERSION);
    versions.put("smoothquant", SmoothQuantSearch.BEHAVIOUR_VERSION);
    versions.put("awq", AwqSearch.BEHAVIOUR_VERSION);
    versions.put("flatquant", FlatQuantSearch.BEHAVIOUR_VERSION);
    versions.put("pipeline", BEHAVIOUR_VERSION);
    return versions;
  }

  private static Provenance provenance(
      Source source, Recipe recipe, Optional<CalibrationSet> calibration) {
    return new Provenance(
        source.name(),
        source.checkpoint().weightsDigest(),
        recipe.describe(),
        calibration.map(CalibrationSet::description).orElseGet(LinkedHashMap::new),
        versions());
  }
}
