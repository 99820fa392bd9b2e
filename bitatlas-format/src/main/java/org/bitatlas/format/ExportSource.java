package org.bitatlas.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearEntry;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an export starts from.
 *
 * @param quantized the quantized checkpoint
 * @param floats the float tensors of the model, at least those that the quantized checkpoint does
 *     not replace; must stay open while an export of it is written
 * @param architecture the model's architecture
 * @param configuration the model's {@code config.json} without a section on quantization
 * @param folder where tokenizer files and licences are carried from
 */
public record ExportSource(
    QuantizedCheckpoint quantized,
    Checkpoint floats,
    Architecture architecture,
    ObjectNode configuration,
    Path folder) {

  private static final String WEIGHT = ".weight";
  private static final String HEAD = QuantizedCheckpoint.HEAD + WEIGHT;

  /**
   * The source that an opened folder of a quantized model is.
   *
   * @throws BitAtlasException when the model is not quantized or has no readable {@code
   *     config.json}
   */
  public static ExportSource of(ModelFolder opened) {
    QuantizedCheckpoint quantized =
        opened
            .quantized()
            .orElseThrow(() ->
                new BitAtlasException(
                    "The model %s is not quantized; quantize it first and export the result."
                        .formatted(opened.folder())));
    ObjectNode configuration = JsonFile.read(opened.folder().resolve("config.json"));
    configuration.remove("quantization_config");
    if (opened.architecture().tiedEmbeddings() && quantized.hasHead()) {
      configuration.put("tie_word_embeddings", false);
    }
    return new ExportSource(
        quantized, opened.checkpoint(), opened.architecture(), configuration, opened.folder());
  }

  /**
   * The type that the model's configuration names for weights and activations; where it names none,
   * that of the embedding as stored.
   */
  public ElementType modelType() {
    String named =
        configuration.path("torch_dtype").asString(configuration.path("dtype").asString(""));
    return switch (named.replace("torch.", "")) {
      case "bfloat16" -> ElementType.BF16;
      case "float16", "half" -> ElementType.F16;
      case "float32", "float" -> ElementType.F32;
      default ->
          floats
              .find(QuantizedCheckpoint.EMBEDDING + WEIGHT)
              .map(StoredTensor::type)
              .orElse(ElementType.F32);
    };
  }

  /** Names of the quantized layers that are kept in codes, without those that stay float. */
  public List<String> codedModules() {
    return quantized.linears().keySet().stream()
        .filter(module -> !(quantized.entry(module) instanceof LinearEntry.Float))
        .toList();
  }

  /**
   * A layer on a grid. Its scales and zero points are read to know what it is, and not kept.
   *
   * @param module of a layer on a grid
   */
  public GridLayer grid(String module) {
    return GridLayer.of(
        module, () -> quantized.cells(module).orElseThrow(), () -> (GridLinear) linear(module));
  }

  /**
   * A quantized layer.
   *
   * @param module one of the quantized checkpoint's
   */
  public StoredLinear linear(String module) {
    return Objects.requireNonNull(quantized.linears().get(module), module);
  }

  /**
   * All float tensors of the model, under their Hugging Face names: those of the base checkpoint
   * that nothing replaces, as they are stored; norms, biases and linear layers that a method
   * changed, in the model's type where that holds every value, else in fp32.
   */
  public List<TensorData> floatTensors() {
    Set<String> replaced = quantized.storedTensors();
    List<TensorData> tensors = new ArrayList<>();
    for (String name : floats.names()) {
      boolean tiedCopy = architecture.tiedEmbeddings() && name.equals(HEAD) && !quantized.hasHead();
      if (!replaced.contains(name) && moduleOf(name).isEmpty() && !tiedCopy) {
        tensors.add(TensorData.of(floats.get(name)));
      }
    }
    quantized.floats().forEach((name, tensor) -> tensors.add(tensor(name, tensor)));
    for (String module : quantized.linears().keySet()) {
      if (quantized.entry(module) instanceof LinearEntry.Float entry) {
        tensors.add(
            StoredFloats.narrowest(
                module + WEIGHT,
                () -> ((FloatLinear) linear(module)).weight(),
                modelType(),
                entry.outputFeatures(),
                entry.inputFeatures()));
      }
    }
    return tensors;
  }

  private TensorData tensor(String name, FloatTensor tensor) {
    long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
    return StoredFloats.narrowest(name, tensor::values, modelType(), shape);
  }

  /** The quantized layer whose weight a tensor is; empty where it is none. */
  public Optional<String> moduleOf(String tensor) {
    return Optional.of(tensor)
        .filter(name -> name.endsWith(WEIGHT))
        .map(name -> name.substring(0, name.length() - WEIGHT.length()))
        .filter(quantized.linears()::containsKey);
  }
}
