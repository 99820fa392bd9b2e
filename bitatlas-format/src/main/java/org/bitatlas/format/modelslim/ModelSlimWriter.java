package org.bitatlas.format.modelslim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.ExportPlan;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.WeightFiles;
import org.bitatlas.kernel.ascend.ExportedScales;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.LinearEntry;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Writes AscendV1, the format of msModelSlim: which {@link LinearType} a layer takes follows from
 * its grid and from what happens to its input; what no type does is refused.
 *
 * @param roundScales whether scales are written as the NPU rounds them when it loads and uses them,
 *     so that nothing is lost there ({@link ExportedScales#rounded}) and a folder read back has the
 *     weights that the NPU has
 */
public record ModelSlimWriter(boolean roundScales) implements FormatWriter {

  /** Beginning of the names of the weight files. */
  static final String STEM = "quant_model_weights";

  /** With scales as they are. */
  public ModelSlimWriter() {
    this(false);
  }

  @Override
  public FormatName format() {
    return FormatName.MODELSLIM;
  }

  @Override
  public ExportPlan plan(ExportSource source) {
    ElementType modelType = modelType(source);
    refuseWhatNoTypeDoes(source.quantized());
    List<TensorData> tensors = new ArrayList<>();
    SequencedMap<String, String> types = new LinkedHashMap<>();
    for (TensorData tensor : source.floatTensors()) {
      tensors.add(tensor);
      types.put(tensor.name(), LinearType.FLOAT.name());
    }
    // Loaders look both up, whether or not the head is the embedding.
    types.put(QuantizedCheckpoint.EMBEDDING + TensorNames.WEIGHT, LinearType.FLOAT.name());
    types.put(QuantizedCheckpoint.HEAD + TensorNames.WEIGHT, LinearType.FLOAT.name());
    Set<LinearType> used = new TreeSet<>();
    int groupSize = 0;
    int widened = 0;
    for (String module : source.codedModules()) {
      LayerTensors layer = layer(source, module);
      float[] bias = bias(source, layer);
      refuseLostBias(layer, bias);
      for (TensorData tensor : layer.all(bias, modelType, roundScales)) {
        tensors.add(tensor);
        types.put(tensor.name(), layer.type().name());
      }
      used.add(layer.type());
      widened += layer.grid().bits() < 8 && !layer.type().fourBits() ? 1 : 0;
      if (layer.type() == LinearType.W4A8_DYNAMIC) {
        groupSize = oneGroupSize(groupSize, layer);
      }
    }
    FusedLayers.require(source.architecture(), types, source.quantized());
    SequencedMap<String, byte[]> files = new LinkedHashMap<>();
    files.put("config.json", JsonFile.content(source.configuration()));
    files.put(Description.FILE, Description.of(types, groupSize).content());
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    return new ExportPlan(
        FormatName.MODELSLIM,
        new WeightFiles.Safetensors(STEM, tensors, metadata),
        files,
        true,
        ModelSlimNotes.of(used, widened, source, modelType, roundScales));
  }

  private static ElementType modelType(ExportSource source) {
    ElementType type = source.modelType();
    if (type != ElementType.BF16 && type != ElementType.F16) {
      throw TypeChoice.refusal(
          "a model of type " + type,
          "vLLM-Ascend runs quantized layers in bfloat16 or float16 and stores deq_scale by that;"
              + " set torch_dtype in config.json");
    }
    return type;
  }

  private static void refuseWhatNoTypeDoes(QuantizedCheckpoint quantized) {
    for (String module : List.of(QuantizedCheckpoint.EMBEDDING, QuantizedCheckpoint.HEAD)) {
      if (isGrid(quantized, module)) {
        throw TypeChoice.refusal(
            module,
            "embedding and head stay float there; quantize without embedding and head options");
      }
    }
    quantized
        .activations()
        .forEach((module, around) -> {
          boolean coded = isGrid(quantized, module);
          if (!coded && !around.equals(LinearActivations.NONE)) {
            throw TypeChoice.refusal(
                module, "its activations are rounded or transformed but its weight stays float");
          }
        });
    for (Map.Entry<Integer, AttentionActivations> entry : quantized.attention().entrySet()) {
      AttentionActivations attention = entry.getValue();
      if (!attention.equals(AttentionActivations.NONE)) {
        throw TypeChoice.refusal(
            "the attention of block " + entry.getKey(),
            attention.headDimension() > 0
                ? "its heads are transformed after the rotary embedding"
                : "its cache is rounded with ranges found at run time, and C8 has fixed ones");
      }
    }
  }

  private static boolean isGrid(QuantizedCheckpoint quantized, String module) {
    return quantized.linears().containsKey(module)
        && quantized.entry(module) instanceof LinearEntry.Grid;
  }

  private static LayerTensors layer(ExportSource source, String module) {
    if (!isGrid(source.quantized(), module)) {
      throw TypeChoice.refusal(
          module,
          "its weights (%s) are on no grid of one width; no deployable format holds them"
              .formatted(source.linear(module).scheme()));
    }
    GridLayer grid = source.grid(module);
    LinearActivations around = source.quantized().activationsOf(module);
    return new LayerTensors(grid, around, TypeChoice.of(module, grid, around));
  }

  /** The bias of a layer in fp32, [N]; all 0 without one. */
  private static float[] bias(ExportSource source, LayerTensors layer) {
    String name = layer.module() + TensorNames.BIAS;
    int rows = layer.grid().outputFeatures();
    Optional<FloatTensor> changed = Optional.ofNullable(source.quantized().floats().get(name));
    if (changed.isPresent()) {
      return changed.get().values();
    }
    Optional<StoredTensor> stored = source.floats().find(name);
    return stored
        .map(tensor -> StoredFloats.values(tensor, List.of((long) rows)))
        .orElseGet(() -> new float[rows]);
  }

  /** The dense kernel of W4A8_DYNAMIC is called without a bias, in every release that has it. */
  private static void refuseLostBias(LayerTensors layer, float[] bias) {
    if (layer.type() != LinearType.W4A8_DYNAMIC) {
      return;
    }
    for (float value : bias) {
      if (value != 0) {
        throw TypeChoice.refusal(
            layer.module(),
            "vLLM-Ascend never adds the bias of a W4A8_DYNAMIC layer; quantize this layer with 8"
                + " bits or exclude it");
      }
    }
  }

  private static int oneGroupSize(int known, LayerTensors layer) {
    int size = layer.grid().groupSize();
    if (known != 0 && known != size) {
      throw new BitAtlasException(
          "Layer %s has groups of %d columns and others of %d; the format modelslim has one group_size for all, so use one."
              .formatted(layer.module(), size, known));
    }
    return size;
  }
}
