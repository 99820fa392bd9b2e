package org.bitatlas.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.eval.TokenDigest;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * The models of a cell, float and quantized, made again from the specification that its record
 * holds.
 */
public final class CellModels implements AutoCloseable {

  /** Inputs of a record that must be what they were, if the models are to be those it speaks of. */
  private static final List<String> DECISIVE =
      List.of("weights", "tokenizer", "template", "calibration", "version.method");

  private final EngineModel model;
  private final StudyTask column;
  private final Recipe recipe;
  private final CalibrationSet calibration;
  private final int threads;
  private Optional<QuantizedCheckpoint> quantized = Optional.empty();

  private CellModels(
      EngineModel model, StudyTask column, Recipe recipe, CalibrationSet calibration, int threads) {
    this.model = model;
    this.column = column;
    this.recipe = recipe;
    this.calibration = calibration;
    this.threads = threads;
  }

  /**
   * Opens the model of a quantized cell and finds the bits of its recipe where they adapt.
   *
   * @param study folder of the study, whose sensitivities are used again
   * @throws BitAtlasException when the record does not say how it was made, or what it was made of
   *     is not here or is something else now
   */
  public static CellModels open(RunRecord record, Path study, int threads) {
    StudySpec spec = Reproduction.spec(record);
    StudyOptions options =
        new StudyOptions(study, Optional.empty(), Optional.empty(), threads, OptionalInt.empty());
    EngineModel model = new EngineWorkbench(spec, options).open(record.model());
    try {
      StudyRecipe row =
          spec.recipes().stream()
              .filter(other -> other.recipe().isPresent())
              .findFirst()
              .orElseThrow(() ->
                  new BitAtlasException(
                      "The record %s is of no recipe that can be carried out here."
                          .formatted(record.key().substring(0, 12))));
      requireSame(record, model, row);
      CalibrationSet calibration = model.checkpoints().calibration(row);
      Recipe recipe =
          model.checkpoints().resolved(row.recipe().orElseThrow(), calibration).recipe();
      return new CellModels(model, record.column(), recipe, calibration, threads);
    } catch (RuntimeException refused) {
      model.close();
      throw refused;
    }
  }

  private static void requireSame(RunRecord record, EngineModel model, StudyRecipe row) {
    SequencedMap<String, String> now = new LinkedHashMap<>(model.identity());
    now.putAll(model.calibration(row));
    for (String input : DECISIVE) {
      String before = record.inputs().getOrDefault(input, "");
      if (!before.isEmpty() && !before.equals(now.getOrDefault(input, ""))) {
        throw new BitAtlasException(
            "The %s of the record %s is not what is here now (was %s, is %s); run its study again."
                .formatted(
                    input,
                    record.key().substring(0, 12),
                    before,
                    now.getOrDefault(input, "absent")));
      }
    }
  }

  /**
   * The tokenizer of a record's model, where the model is embedded or a folder on this machine and
   * its tokenizer is the one the record was made with; nothing is downloaded.
   */
  public static Optional<Tokenizer> tokenizer(RunRecord record) {
    Path folder;
    try {
      folder = Nano.open().model(record.model()).orElse(Path.of(record.model()));
    } catch (java.nio.file.InvalidPathException notAFolder) {
      return Optional.empty();
    }
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    Tokenizer tokenizer = ChatTokenizers.load(folder).tokenizer();
    return Optional.of(tokenizer)
        .filter(found -> found.digest().equals(record.inputs().get("tokenizer")));
  }

  /** The float model. */
  public Source source() {
    return model.checkpoints().source();
  }

  /** The first sequences of the calibration set, at most so many tokens but at least one. */
  public CalibrationSet texts(int tokens) {
    return CalibrationSets.first(calibration, tokens);
  }

  /** The cell's checkpoint, quantized anew when it is first asked for. */
  public QuantizedCheckpoint quantized() {
    QuantizedCheckpoint made =
        quantized.orElseGet(() -> model.checkpoints().carriedOut(recipe, calibration).checkpoint());
    quantized = Optional.of(made);
    return made;
  }

  /** The same stopped in front of rounding. */
  public QuantizedCheckpoint transformed() {
    return model
        .checkpoints()
        .carriedOut(recipe.at(Position.TRANSFORMED), calibration)
        .checkpoint();
  }

  /** Worker threads. */
  public int threads() {
    return threads;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return model.tokenizer().tokenizer();
  }

  /**
   * The token ids of prompts of the cell's task, by their digest; those that its data no longer
   * gives are missing.
   */
  public Map<String, int[]> prompts(Set<String> digests) {
    EngineTask task = model.prepare(column);
    PromptReader reader = new PromptReader(digests);
    try {
      TaskRunner.run(
          task.task(),
          task.mode(),
          task.suite().orElseThrow(),
          reader,
          model.tokenizer(),
          new Sampling.Greedy(),
          new RunOptions(OptionalInt.empty(), Integer.MAX_VALUE, Optional.empty()),
          _ -> {});
    } catch (AllRead done) {
      return reader.found;
    }
    return reader.found;
  }

  @Override
  public void close() {
    model.close();
  }

  /** Ends a run in which nothing is to be answered. */
  private static final class AllRead extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AllRead() {
      super("prompts read", null, false, false);
    }
  }

  /** Keeps the prompts it is asked, and answers none. */
  private static final class PromptReader implements LanguageModel {
    private final Set<String> wanted;
    private final Map<String, int[]> found = new HashMap<>();

    PromptReader(Set<String> wanted) {
      this.wanted = wanted;
    }

    @Override
    public List<TokenScores> score(List<ScoringRequest> requests) {
      throw new AllRead();
    }

    @Override
    public List<Generation> generate(
        List<GenerationRequest> requests, Consumer<? super Generation> finished) {
      for (GenerationRequest request : requests) {
        String digest = TokenDigest.of(request.promptIds());
        if (wanted.contains(digest)) {
          found.put(digest, request.promptIds());
        }
      }
      throw new AllRead();
    }
  }
}
