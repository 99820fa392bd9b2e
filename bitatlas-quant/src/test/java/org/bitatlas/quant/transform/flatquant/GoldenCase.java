package org.bitatlas.quant.transform.flatquant;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.Precision;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A {@code train_*} case: its model, its options, and its values under our parameters' names. */
final class GoldenCase implements AutoCloseable {

  private final JsonNode description;
  private final Checkpoint values;
  private final Checkpoint model;
  private final Architecture architecture;
  private final BlockLoader loader;

  /** Opens {@code x.safetensors} beside {@code x.json}; the model is unpacked into a folder. */
  GoldenCase(Path json, Path folder) throws IOException {
    this.description = Golden.json(json);
    this.values =
        SafetensorsCheckpoint.open(
            json.resolveSibling(json.getFileName().toString().replace(".json", ".safetensors")));
    ObjectNode configuration = (ObjectNode) description.path("config").deepCopy();
    configuration.putArray("architectures").add(configuration.path("architecture").stringValue());
    configuration.put("max_position_embeddings", 512).put("hidden_act", "silu");
    if (!configuration.has("tie_word_embeddings")) {
      configuration.put("tie_word_embeddings", false);
    }
    Files.writeString(folder.resolve("config.json"), configuration.toString());
    List<TensorData> tensors = new ArrayList<>();
    for (String name : values.names()) {
      if (name.startsWith("model.")) {
        tensors.add(
            new TensorData(
                name.substring("model.".length()),
                values.get(name).type(),
                values.get(name).shape(),
                values.get(name).data()));
      }
    }
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"), tensors, new LinkedHashMap<>(Map.of("format", "pt")));
    this.model = SafetensorsCheckpoint.open(folder);
    this.architecture = ArchitectureReader.read(folder.resolve("config.json"));
    this.loader = new BlockLoader(architecture, model, Precision.FP32);
  }

  JsonNode expected() {
    return description.path("expected");
  }

  double tolerance(String name) {
    return description.path("tolerances").path(name).doubleValue();
  }

  int layers() {
    return architecture.layers();
  }

  DecoderBlock block(int layer) {
    return loader.load(layer);
  }

  Transform.FlatQuant options() {
    JsonNode options = description.path("options");
    return new Transform.FlatQuant(
        options.path("epochs").intValue(),
        options.path("flat_lr").doubleValue(),
        options.path("cali_bsz").intValue(),
        options.path("diag_alpha").doubleValue(),
        options.path("direct_inv").booleanValue(),
        0,
        FlatForm.REFERENCE);
  }

  int weightBits() {
    return description.path("options").path("w_bits").intValue();
  }

  ActivationPolicy activations() {
    JsonNode options = description.path("options");
    return new ActivationPolicy(
        options.path("a_bits").intValue(),
        !options.path("a_asym").booleanValue(),
        ActivationPolicy.Granularity.DYNAMIC_TOKEN,
        1,
        ActivationPolicy.FLOAT_BITS,
        options.path("k_bits").intValue(),
        options.path("v_bits").intValue());
  }

  Quantization quantization() {
    return Quantization.of(weightBits(), activations(), FlatForm.REFERENCE);
  }

  /** The embedded calibration sequences, in two batches. */
  List<float[]> embedded() {
    float[] ids = Golden.floats(values, "input_ids");
    int length = Golden.size(values, "input_ids", 1);
    int sequences = Golden.size(values, "input_ids", 0);
    List<float[]> hidden = new ArrayList<>();
    for (int s = 0; s < sequences; s++) {
      int[] sequence = new int[length];
      for (int t = 0; t < length; t++) {
        sequence[t] = (int) ids[s * length + t];
      }
      try (TensorScope _ = TensorScope.open()) {
        hidden.add(loader.embed(new int[][] {sequence}).toFloats());
      }
    }
    return hidden;
  }

  /** Hidden states as a search sees them: three sequences to a batch. */
  BlockInputs inputs(List<float[]> hidden) {
    int perBatch = 3;
    return new BlockInputs() {
      @Override
      public int batches() {
        return (hidden.size() + perBatch - 1) / perBatch;
      }

      @Override
      public int sequences() {
        return hidden.size();
      }

      @Override
      public Tensor batch(int index) {
        int from = index * perBatch;
        return rows(hidden.subList(from, Math.min(from + perBatch, hidden.size())));
      }
    };
  }

  /** Hidden states of sequences [B x T x D]. */
  Tensor rows(List<float[]> hidden) {
    long width = architecture.hiddenSize();
    long length = hidden.getFirst().length / width;
    List<Tensor> rows =
        hidden.stream().map(values -> Tensor.from(values, 1, length, width)).toList();
    return Tensor.cat(rows, 0);
  }

  /** Logits of hidden states behind the last block. */
  Tensor logits(Tensor hidden) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor norm = stored("model.norm.weight");
      String head = architecture.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
      return scope.keep(
          hidden
              .rmsNorm(norm, architecture.rmsNormEpsilon())
              .linear(stored(head), Optional.empty()));
    }
  }

  private Tensor stored(String name) {
    return Tensor.fromMemory(model.get(name).data(), ElementType.F32, model.get(name).shape());
  }

  float[] floats(String name) {
    return Golden.floats(values, name);
  }

  /** Values of a stage of a layer, for example {@code grad1}, under our names. */
  SequencedMap<String, float[]> stage(String stage, int layer) {
    String prefix = stage + ".layers." + layer + ".";
    SequencedMap<String, float[]> found = new LinkedHashMap<>();
    for (String name : values.names()) {
      if (name.startsWith(prefix)) {
        found.put(ourName(name.substring(prefix.length())), Golden.floats(values, name));
      }
    }
    return found;
  }

  private static String ourName(String name) {
    return name.replaceFirst("^(self_attn|mlp)\\.", "")
        .replace(".parametrizations.weight.original", "")
        .replace("diag_scale", "channels")
        .replaceFirst("\\.linear_([uv])_(left|right)$", ".$2.$1")
        .replaceFirst("\\.linear_diag_(left|right)$", ".$1.sigma")
        .replaceFirst("\\.linear_(left|right)\\.weight$", ".$1.matrix")
        .replaceFirst("\\.linear_([uv])$", ".$1")
        .replaceFirst("\\.linear_diag$", ".sigma")
        .replaceFirst("trans\\.linear\\.weight$", "trans.matrix")
        .replace("act_quantizer.", "")
        .replace("_cache_quantizer", "_cache")
        .replaceFirst("clip_factor_w_m", "weight_m")
        .replaceFirst("(cache\\.)clip_factor_a_m", "$1m")
        .replaceFirst("clip_factor_a_m", "input_m")
        .replaceFirst("max$", "high")
        .replaceFirst("min$", "low");
  }

  /** Our initial parameters, channel scales of 0. */
  BlockParameters drawn(int layer, long seed) {
    Map<InputGroup, float[]> channels = new EnumMap<>(InputGroup.class);
    channels.put(InputGroup.ATTENTION, new float[architecture.hiddenSize()]);
    channels.put(InputGroup.MLP, new float[architecture.hiddenSize()]);
    channels.put(InputGroup.MLP_OUTPUT, new float[architecture.intermediateSize()]);
    return BlockParameters.initial(
        architecture, layer, quantization(), options().directInverse(), channels, seed);
  }

  /** Parameters with the values of a stage. */
  BlockParameters parameters(String stage, int layer) {
    BlockParameters parameters = drawn(layer, 0);
    SequencedMap<String, float[]> golden = stage(stage, layer);
    List<float[]> values = new ArrayList<>();
    for (Parameter parameter : parameters.list()) {
      float[] value = golden.remove(parameter.name());
      if (value == null || value.length != parameter.values().length) {
        throw new AssertionError("no or other values for " + parameter.name());
      }
      values.add(value);
    }
    if (!golden.isEmpty()) {
      throw new AssertionError("parameters we do not have: " + golden.keySet());
    }
    parameters.restore(values);
    return parameters;
  }

  @Override
  public void close() {
    loader.close();
    model.close();
    values.close();
  }
}
