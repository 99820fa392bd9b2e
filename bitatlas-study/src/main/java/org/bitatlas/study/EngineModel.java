package org.bitatlas.study;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.generate.BatchLimits;
import org.bitatlas.generate.DraftedLanguageModel;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.allocation.AdaptiveBits;
import org.bitatlas.quant.allocation.ServingRules;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationResult;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.target.AllocationTarget;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tokenizer.ChatTemplate;
import org.bitatlas.tokenizer.ChatTokenizer;

/** A float model of a study on BitAtlas's engine. */
final class EngineModel implements Workbench.Model {
  /** Items per call of the model: part of every key, because cells end early between calls. */
  private static final int CHUNK = 100;

  /** Other tiles than the default ones: other shapes of the products, other orders of the sums. */
  private static final BatchLimits AGAIN = new BatchLimits(24, 6_000, 1_500, 1 << 19);

  private final Setting setting;
  private final ModelFolder opened;
  private final ChatTokenizer tokenizer;
  private final RowCheckpoints checkpoints;
  private final SuiteCatalog catalog;
  private final RunOptions run;
  // The float model answers first: its replies are the drafts of the quantized ones.
  private final DraftedLanguageModel.Drafts drafts = new DraftedLanguageModel.Drafts();

  /**
   * What a study fixes for a model.
   *
   * @param spec the specification
   * @param options the options of the run
   * @param precision arithmetic of the float operators
   * @param name name of the model in the specification
   * @param checkpoints where the quantized checkpoint of a location lies
   */
  record Setting(
      StudySpec spec,
      StudyOptions options,
      Precision precision,
      String name,
      Function<String, Path> checkpoints) {}

  /**
   * An opened model.
   *
   * @param texts makes the calibration set of a specification
   */
  EngineModel(
      Setting setting,
      ModelFolder opened,
      ChatTokenizer tokenizer,
      Function<CalibrationSpec, CalibrationSet> texts,
      SuiteCatalog catalog) {
    this.setting = setting;
    this.opened = opened;
    this.tokenizer = tokenizer;
    this.checkpoints = new RowCheckpoints(setting, opened, texts);
    this.catalog = catalog;
    StudySpec spec = setting.spec();
    this.run = new RunOptions(OptionalInt.empty(), CHUNK, spec.collapse(), spec.thinkingBudget());
  }

  @Override
  public SequencedMap<String, String> identity() {
    SequencedMap<String, String> identity = new LinkedHashMap<>();
    identity.put("weights", opened.checkpoint().weightsDigest());
    identity.put("architecture", RecordKey.sha256(opened.architecture().toString()));
    identity.put("tokenizer", tokenizer.tokenizer().digest());
    identity.put("template", tokenizer.template().map(ChatTemplate::digest).orElse("none"));
    identity.put("precision", setting.precision().toString());
    identity.put("kernels", kernels(setting.spec().execution()));
    Device device = setting.options().device();
    if (!device.isHost()) {
      identity.put("device", device.toString());
    }
    identity.put("chunk", Integer.toString(CHUNK));
    identity.put("version.model", Integer.toString(TransformerModel.BEHAVIOUR_VERSION));
    identity.put("version.generate", Integer.toString(TransformerLanguageModel.BEHAVIOUR_VERSION));
    identity.put("version.method", QuantizationPipeline.versions().toString());
    identity.put("version.protocol", Integer.toString(TaskRunner.BEHAVIOUR_VERSION));
    return identity;
  }

  @Override
  public SequencedMap<String, String> allocation(Recipe recipe) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put("version.allocation", Integer.toString(AdaptiveBits.BEHAVIOUR_VERSION));
    List<ServingRules> ways = AllocationTarget.ways(recipe, opened.architecture());
    if (!ways.contains(ServingRules.ANYTHING)) {
      String choices = AdaptiveBits.describe(checkpoints.source(), recipe, ways);
      inputs.put("target", RecordKey.sha256(choices));
    }
    return inputs;
  }

  private static String kernels(Execution execution) {
    return switch (execution) {
      case SIMULATED -> "weights dequantized and packed once";
      case INTEGER -> "packed codes, exact integer products";
      case ASCEND_910B, ASCEND_910B_ROUNDED_SCALES -> execution.label();
    };
  }

  @Override
  public SequencedMap<String, String> calibration(StudyRecipe row) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put("calibration", checkpoints.calibration(row).digest());
    inputs.put("version.calibration", Integer.toString(CalibrationSets.BEHAVIOUR_VERSION));
    return inputs;
  }

  @Override
  public EngineTask prepare(StudyTask task) {
    return EngineTask.of(
        task, catalog, setting.spec().limit().of(task.task()), tokenizer.thinking());
  }

  @Override
  public Workbench.Variant floatVariant() {
    return floatVariant(BatchLimits.DEFAULT, false);
  }

  @Override
  public Workbench.Variant floatAgain() {
    return floatVariant(AGAIN, setting.spec().divergence());
  }

  @Override
  public String againHow() {
    return "tiles of "
        + AGAIN.rows()
        + " rows, "
        + AGAIN.promptTokens()
        + " prompt and "
        + AGAIN.scoringTokens()
        + " scored tokens; scores through the paged cache; replies of the first run checked as"
        + " drafts";
  }

  private Workbench.Variant floatVariant(BatchLimits batches, boolean beside) {
    ModelSize size =
        ModelSize.ofFloat(
            opened.checkpoint(),
            linearModules(opened.architecture()),
            opened.architecture().tiedEmbeddings());
    return variant(
        loadFloat(),
        size,
        List.of(),
        List.of(),
        Optional.of(ModelConfiguration.of(opened.folder())),
        batches,
        beside);
  }

  private TransformerModel loadFloat() {
    return opened.load(
        setting.precision(),
        Execution.SIMULATED,
        setting.options().threads(),
        setting.options().device());
  }

  private static List<String> linearModules(Architecture architecture) {
    return IntStream.range(0, architecture.layers())
        .boxed()
        .flatMap(
            layer -> Arrays.stream(Projection.values()).map(projection -> projection.module(layer)))
        .toList();
  }

  @Override
  public SequencedMap<String, String> endpointIdentity(EndpointSpec spec) {
    try (Endpoint endpoint = connect(spec)) {
      return EndpointVariant.identity(spec, run, endpoint.identity());
    } catch (BitAtlasException e) {
      // The study goes on: this row's cells fail with the reason, and are asked by the next run.
      return EndpointVariant.identity(spec, run, Map.of("server", "not reached"));
    }
  }

  @Override
  public Workbench.Variant endpoint(EndpointSpec spec) {
    return new EndpointVariant(spec, connect(spec), run);
  }

  private Endpoint connect(EndpointSpec spec) {
    return Endpoint.connect(
        spec.settings(),
        new Endpoint.Wanted(
            spec.model(),
            Optional.of(tokenizer),
            Optional.empty(),
            Optional.empty(),
            Optional.of(setting.options().out())));
  }

  @Override
  public CheckpointFacts checkpointFacts(CheckpointSpec spec) {
    try (ExistingCheckpoint checkpoint = open(spec)) {
      return checkpoint.facts();
    }
  }

  @Override
  public Workbench.Variant checkpoint(StudyRecipe row) {
    try (ExistingCheckpoint checkpoint = open(row.checkpoint().orElseThrow())) {
      Execution execution = row.emulation().orElse(setting.spec().execution());
      TransformerModel model =
          checkpoint
              .folder()
              .load(
                  row.emulation().isPresent() ? Precision.BF16 : setting.precision(),
                  execution,
                  setting.options().threads(),
                  setting.options().device());
      requireKernels(model, execution);
      return variant(
          model,
          checkpoint.size(),
          List.of(),
          checkpoint.notes(opened.checkpoint()),
          Optional.empty(),
          BatchLimits.DEFAULT,
          setting.spec().divergence());
    }
  }

  private ExistingCheckpoint open(CheckpointSpec spec) {
    return ExistingCheckpoint.open(
        spec,
        setting.checkpoints().apply(spec.location()),
        new ExistingCheckpoint.Base(setting.name(), opened.architecture(), tokenizer.tokenizer()));
  }

  @Override
  public Workbench.Variant quantize(StudyRecipe row) {
    QuantizationResult result = checkpoints.quantized(row);
    return row.emulation()
        .map(machine -> loaded(result, machine, Precision.BF16))
        .orElseGet(() -> loaded(result, setting.spec().execution(), setting.precision()));
  }

  /** What makes the checkpoints of its rows. */
  RowCheckpoints checkpoints() {
    return checkpoints;
  }

  /** The tokenizer with its chat template. */
  ChatTokenizer tokenizer() {
    return tokenizer;
  }

  private Workbench.Variant loaded(
      QuantizationResult result, Execution execution, Precision precision) {
    ModelSize size =
        ModelSize.ofQuantized(
            result.checkpoint(), opened.checkpoint(), opened.architecture().tiedEmbeddings());
    TransformerModel model =
        TransformerModel.load(
            opened.architecture(),
            opened.checkpoint(),
            result.checkpoint(),
            precision,
            execution,
            setting.options().threads(),
            setting.options().device());
    requireKernels(model, execution);
    return variant(
        model,
        size,
        result.layers(),
        result.notes(),
        Optional.empty(),
        BatchLimits.DEFAULT,
        setting.spec().divergence());
  }

  private void requireKernels(TransformerModel model, Execution execution) {
    if (setting.options().requireKernels() && !execution.emulated()) {
      try {
        model.requirePromisedKernels();
      } catch (RuntimeException refused) {
        model.close();
        throw refused;
      }
    }
  }

  private Workbench.Variant variant(
      TransformerModel model,
      ModelSize size,
      List<LayerReport> reports,
      List<String> notes,
      Optional<String> configuration,
      BatchLimits batches,
      boolean beside) {
    TransformerLanguageModel language =
        new TransformerLanguageModel(
            model, setting.options().threads(), batches, batches.equals(AGAIN));
    return new EngineVariant(
        model,
        new EngineVariant.Language(
            language,
            new DraftedLanguageModel(language, drafts),
            beside ? Optional.of(this::loadFloat) : Optional.empty()),
        size,
        reports,
        notes,
        configuration,
        tokenizer,
        run);
  }

  @Override
  public void close() {
    opened.close();
  }
}
