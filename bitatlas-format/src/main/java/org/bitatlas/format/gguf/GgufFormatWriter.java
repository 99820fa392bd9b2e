package org.bitatlas.format.gguf;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.ExportPlan;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.WeightFiles;
import org.bitatlas.format.gguf.GgufTensorData.RowSource;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearEntry;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Writes GGUF files. Matrices on an integer grid are carried without rounding anything ({@link
 * GridBlocks}). Float matrices stay in the model's float type, or are rounded to a block type as
 * llama.cpp's own quantizer does, where one is asked for. Norms and biases are F32.
 */
public final class GgufFormatWriter implements FormatWriter {

  private static final String WEIGHT = ".weight";
  private static final String HEAD = QuantizedCheckpoint.HEAD + WEIGHT;
  private static final String EMBEDDING = QuantizedCheckpoint.EMBEDDING + WEIGHT;

  private final Optional<FloatRounding> rounding;
  private final boolean roundScales;

  private GgufFormatWriter(Optional<FloatRounding> rounding, boolean roundScales) {
    this.rounding = rounding;
    this.roundScales = roundScales;
  }

  /** A writer that rounds nothing. */
  public GgufFormatWriter() {
    this(false);
  }

  /**
   * A writer that carries grids.
   *
   * @param roundScales whether scales that half precision does not hold are rounded to it; a
   *     checkpoint that has some is refused otherwise
   */
  public GgufFormatWriter(boolean roundScales) {
    this(Optional.empty(), roundScales);
  }

  /** A writer that rounds float matrices. */
  public static GgufFormatWriter rounding(FloatRounding rounding) {
    return new GgufFormatWriter(Optional.of(rounding), false);
  }

  /**
   * A float model as the source of an export that rounds its matrices.
   *
   * @param opened must stay open while the export is written
   * @throws BitAtlasException when the model is quantized already
   */
  public static ExportSource source(ModelFolder opened, FloatRounding rounding) {
    if (opened.quantized().isPresent()) {
      throw new BitAtlasException(
          "The model %s is quantized already; give the float model, or export it without a type."
              .formatted(opened.folder()));
    }
    SequencedMap<String, String> recipe = new LinkedHashMap<>();
    recipe.put("method", rounding.description());
    Provenance provenance =
        new Provenance(
            String.valueOf(opened.folder().toAbsolutePath().normalize().getFileName()),
            opened.checkpoint().weightsDigest(),
            recipe,
            new LinkedHashMap<>(),
            new LinkedHashMap<>());
    return new ExportSource(
        new QuantizedCheckpoint(new LinkedHashMap<>(), provenance),
        opened.checkpoint(),
        opened.architecture(),
        JsonFile.read(opened.folder().resolve("config.json")),
        opened.folder());
  }

  @Override
  public FormatName format() {
    return FormatName.GGUF;
  }

  @Override
  public ExportPlan plan(ExportSource source) {
    Architecture architecture = source.architecture();
    GgufArchitecture kind = GgufArchitecture.of(architecture);
    requireNoTransforms(source);
    List<String> notes = new ArrayList<>();
    HalfScales.require(source, FormatName.GGUF, roundScales, notes);
    SentencePieceFiles.caution(source.folder()).ifPresent(notes::add);
    roundedActivations(source).ifPresent(notes::add);
    List<GgufTensorData> tensors = new ArrayList<>();
    SequencedMap<String, List<Long>> expected =
        new LinkedHashMap<>(CheckpointValidation.expectedTensors(architecture));
    if (source.quantized().hasHead()) {
      expected.putIfAbsent(HEAD, expected.get(EMBEDDING));
    }
    expected.forEach((name, shape) -> tensors.add(tensor(source, kind, name, shape, notes)));
    RotaryScaling.factors(architecture.rope(), architecture.headDimension())
        .ifPresent(factors ->
            tensors.add(
                GgufTensorData.rounded(
                    GgufNames.ROTARY_FACTORS,
                    GgufType.F32,
                    List.of((long) factors.length),
                    (row, target) -> System.arraycopy(factors, 0, target, 0, target.length))));
    GgufType mostly = mostly(tensors);
    notes.add("Types: " + types(tensors) + ".");
    GgufMetadata metadata = metadata(source, kind, mostly);
    // Carried as it is, a configuration that names another format would hide the file beside it.
    SequencedMap<String, byte[]> files = new LinkedHashMap<>();
    files.put("config.json", JsonFile.content(source.configuration()));
    return new ExportPlan(
        FormatName.GGUF,
        new WeightFiles.SingleFile(
            fileName(source, mostly),
            tensors.stream().mapToLong(tensor -> tensor.at(0).byteSize()).sum(),
            widenedBytes(source, tensors),
            GgufWriter.byteSize(metadata, tensors),
            GgufWriter.body(metadata, tensors)),
        files,
        true,
        notes);
  }

  /** Norms, biases and rotary factors are F32 whatever the model's type. */
  private static long widenedBytes(ExportSource source, List<GgufTensorData> tensors) {
    int width = source.modelType().bits() / Byte.SIZE;
    return tensors.stream()
        .filter(tensor -> tensor.shape().size() == 1)
        .mapToLong(tensor -> tensor.at(0).columns() * (long) (Float.BYTES - width))
        .sum();
  }

  private static void requireNoTransforms(ExportSource source) {
    source
        .quantized()
        .activations()
        .forEach((module, around) -> {
          if (around.transform().isPresent()) {
            throw FormatRefusal.of(
                FormatName.GGUF,
                module,
                "its input is transformed while the model runs and llama.cpp has no place for that;"
                    + " use a recipe without FlatQuant");
          }
        });
    source
        .quantized()
        .attention()
        .forEach((layer, attention) -> {
          if (attention.headTransform().isPresent()) {
            throw FormatRefusal.of(
                FormatName.GGUF,
                "the attention of block " + layer,
                "its keys are transformed while the model runs and llama.cpp has no place for that;"
                    + " use a recipe without FlatQuant");
          }
        });
  }

  private static Optional<String> roundedActivations(ExportSource source) {
    boolean rounds =
        source.quantized().activations().values().stream()
            .anyMatch(around -> around.input().isPresent() || around.output().isPresent());
    return rounds
        ? Optional.of(
            "The recipe rounds activations; a GGUF file holds weights only, and llama.cpp rounds"
                + " activations in its own way.")
        : Optional.empty();
  }

  private GgufTensorData tensor(
      ExportSource source,
      GgufArchitecture kind,
      String name,
      List<Long> shape,
      List<String> notes) {
    String stored =
        GgufNames.ofHuggingFace(name)
            .orElseThrow(() -> new IllegalStateException("no GGUF name for " + name));
    RowOrder order = kind.rowOrder(name, source.architecture().headDimension());
    Optional<String> module = source.moduleOf(name);
    if (module.isPresent() && !isFloat(source, module.get())) {
      return coded(source, module.get(), stored, order);
    }
    Floats floats = floats(source, name, module);
    GgufType type = shape.size() == 1 ? GgufType.F32 : floatType(name, floats, notes);
    int columns = Math.toIntExact(shape.getLast());
    return new GgufTensorData(
        stored,
        type,
        shape,
        RowSource.opening(
            () -> RowSource.rounded(type, columns, ordered(floats.rows().get(), shape, order))));
  }

  private static boolean isFloat(ExportSource source, String module) {
    return source.quantized().entry(module) instanceof LinearEntry.Float;
  }

  private GgufTensorData coded(ExportSource source, String module, String stored, RowOrder order) {
    if (!(source.quantized().entry(module) instanceof LinearEntry.Grid)) {
      throw FormatRefusal.of(
          FormatName.GGUF,
          module,
          "it is stored as \"%s\" and blocks hold an integer grid with one number of bits"
              .formatted(source.linear(module).scheme()));
    }
    if (rounding.isPresent()) {
      throw FormatRefusal.of(
          FormatName.GGUF,
          module,
          "it is quantized already and rounding its weights a second time would lose more; give the"
              + " float model");
    }
    GridLayer grid = source.grid(module);
    GgufType type = GridBlocks.typeOf(grid);
    return new GgufTensorData(
        stored,
        type,
        List.of((long) grid.outputFeatures(), (long) grid.inputFeatures()),
        RowSource.opening(() -> GridBlocks.rows(grid.content().get(), type, order)));
  }

  /**
   * Float weights.
   *
   * @param rows asked for when the tensor is written
   * @param type the type that holds them
   */
  private record Floats(Supplier<FloatRows> rows, GgufType type, int columns) {}

  private static Floats floats(ExportSource source, String name, Optional<String> module) {
    if (module.isPresent()) {
      return new Floats(
          () -> source.linear(module.get())::dequantizeRow,
          GgufType.F32,
          source.quantized().entry(module.get()).inputFeatures());
    }
    FloatTensor changed = source.quantized().floats().get(name);
    if (changed != null) {
      int columns = Math.toIntExact(changed.shape().getLast());
      return new Floats(
          () ->
              (row, target) ->
                  System.arraycopy(changed.values(), row * columns, target, 0, columns),
          GgufType.F32,
          columns);
    }
    StoredTensor tensor = source.floats().get(name);
    GgufType type =
        tensor.type() == ElementType.BF16
            ? GgufType.BF16
            : tensor.type() == ElementType.F16 ? GgufType.F16 : GgufType.F32;
    return new Floats(() -> FloatRows.of(tensor), type, Math.toIntExact(tensor.shape().getLast()));
  }

  private GgufType floatType(String name, Floats floats, List<String> notes) {
    if (rounding.isEmpty()) {
      return floats.type();
    }
    GgufType wanted = rounding.get().typeOf(name);
    GgufType type = FloatRounding.fitting(wanted, floats.columns());
    if (type != wanted) {
      notes.add(
          "%s is %s, as its rows of %d weights are no whole blocks of %s."
              .formatted(name, type, floats.columns(), wanted));
    }
    return type;
  }

  private static FloatRows ordered(FloatRows rows, List<Long> shape, RowOrder order) {
    if (order.equals(RowOrder.SAME)) {
      return rows;
    }
    if (shape.size() == 1) {
      return (row, target) -> {
        float[] values = new float[target.length];
        rows.read(0, values);
        for (int k = 0; k < target.length; k++) {
          target[k] = values[order.ofCheckpoint(k)];
        }
      };
    }
    return (row, target) -> rows.read(order.ofCheckpoint(row), target);
  }

  private GgufMetadata metadata(ExportSource source, GgufArchitecture kind, GgufType mostly) {
    GgufMetadata metadata = GgufMetadata.empty("the new GGUF file");
    metadata
        .put(GeneralKeys.ARCHITECTURE, kind.label())
        .put("general.type", "model")
        .put(GeneralKeys.NAME, source.quantized().provenance().baseModel())
        .put("general.quantized_by", "BitAtlas")
        .put(GeneralKeys.FILE_TYPE, mostly.fileType())
        .put(GeneralKeys.BLOCK_VERSION, 2);
    String recipe =
        source.quantized().provenance().recipe().entrySet().stream()
            .map(entry -> entry.getKey() + ": " + entry.getValue())
            .collect(Collectors.joining(", "));
    metadata.put(GeneralKeys.RECIPE, rounding.map(FloatRounding::description).orElse(recipe));
    kind.describe(source.architecture(), metadata);
    GgufVocabulary.ofFolder(source.folder(), source.architecture().vocabularySize())
        .describe(metadata);
    return metadata;
  }

  /** The type of most weights of the blocks' matrices. */
  private static GgufType mostly(List<GgufTensorData> tensors) {
    Map<GgufType, Long> weights = new EnumMap<>(GgufType.class);
    for (GgufTensorData tensor : tensors) {
      if (tensor.shape().size() == 2 && tensor.name().startsWith("blk.")) {
        GgufTensorInfo info = tensor.at(0);
        weights.merge(tensor.type(), (long) info.rows() * info.columns(), Long::sum);
      }
    }
    return weights.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(GgufType.F32);
  }

  private static String types(List<GgufTensorData> tensors) {
    Map<GgufType, Long> counts = new EnumMap<>(GgufType.class);
    tensors.forEach(tensor -> counts.merge(tensor.type(), 1L, Long::sum));
    return counts.entrySet().stream()
        .map(entry -> entry.getValue() + " tensors of " + entry.getKey())
        .collect(Collectors.joining(", "));
  }

  private static String fileName(ExportSource source, GgufType mostly) {
    String model = source.quantized().provenance().baseModel();
    String last = model.substring(Math.max(model.lastIndexOf('/'), model.lastIndexOf('\\')) + 1);
    String safe = last.replaceAll("[^\\w.-]", "_");
    return (safe.isEmpty() || safe.startsWith(".") ? "model" : safe) + "-" + mostly + ".gguf";
  }
}
