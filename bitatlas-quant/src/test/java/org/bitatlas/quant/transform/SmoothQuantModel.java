package org.bitatlas.quant.transform;

import java.io.IOException;
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
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.Precision;
import org.bitatlas.model.RotaryEmbedding;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import tools.jackson.databind.JsonNode;

/** The float model of a folder of SmoothQuant cases, and what smoothing makes of it. */
record SmoothQuantModel(
    JsonNode description, Checkpoint file, MapCheckpoint weights, Architecture architecture)
    implements AutoCloseable {

  static SmoothQuantModel open(Path folder) throws IOException {
    JsonNode description = Golden.json(folder.resolve("inputs.json"));
    Checkpoint file = SafetensorsCheckpoint.open(folder.resolve("inputs.safetensors"));
    MapCheckpoint weights = MapCheckpoint.renamed(file, "model.", "");
    JsonNode config = description.path("config");
    int hidden = config.path("hidden_size").intValue();
    int heads = config.path("num_attention_heads").intValue();
    Architecture architecture =
        new Architecture(
            config.path("architecture").asString(),
            config.path("vocab_size").intValue(),
            hidden,
            config.path("intermediate_size").intValue(),
            config.path("num_hidden_layers").intValue(),
            heads,
            config.path("num_key_value_heads").intValue(),
            config.path("head_dim").asInt(hidden / heads),
            config.path("rms_norm_eps").doubleValue(),
            new RotaryEmbedding.Plain(config.path("rope_theta").doubleValue()),
            weights.find("model.layers.0.self_attn.q_proj.bias").isPresent(),
            false,
            false,
            weights.find("lm_head.weight").isEmpty(),
            4096,
            0,
            List.of(),
            -1,
            List.of());
    return new SmoothQuantModel(description, file, weights, architecture);
  }

  int[][] ids(int sequences) {
    float[] ids = Golden.floats(file, "input_ids");
    int length = Golden.size(file, "input_ids", 1);
    int[][] rows = new int[sequences][length];
    for (int i = 0; i < sequences * length; i++) {
      rows[i / length][i % length] = (int) ids[i];
    }
    return rows;
  }

  /** max|x| over all calibration sequences, by layer and group. */
  List<Map<InputGroup, float[]>> maxima() {
    List<Map<InputGroup, float[]>> maxima = new ArrayList<>();
    try (TransformerModel model = TransformerModel.load(architecture, weights, Precision.FP32);
        TensorScope _ = TensorScope.open()) {
      Tensor hidden = model.embed(ids(Golden.size(file, "input_ids", 0)));
      for (int layer = 0; layer < architecture.layers(); layer++) {
        Map<InputGroup, float[]> ofLayer = new EnumMap<>(InputGroup.class);
        LinearInputObserver observer =
            (projection, input) ->
                ofLayer.put(
                    InputGroup.of(projection),
                    input.abs().reshape(-1, input.size(-1)).amax(0).toFloats());
        hidden = model.block(layer, hidden, observer);
        maxima.add(ofLayer);
      }
    }
    return maxima;
  }

  @Override
  public void close() {
    file.close();
  }

  /** The model after smoothing, with linears as they are or on 8 bits, and activations as given. */
  QuantizedCheckpoint smoothed(double alpha, boolean rounded, boolean outputs) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    SequencedMap<String, FloatTensor> floats = new LinkedHashMap<>();
    List<Map<InputGroup, float[]>> maxima = maxima();
    try (BlockLoader loader = new BlockLoader(architecture, weights, Precision.FP32);
        Tiles tiles = new Tiles(1)) {
      for (int layer = 0; layer < architecture.layers(); layer++) {
        try (DecoderBlock block = loader.load(layer)) {
          BlockTransform found =
              SmoothQuantSearch.find(
                  block, maxima.get(layer), new Transform.SmoothQuant(alpha), true);
          for (Projection projection : Projection.values()) {
            float[] weight = found.weights().getOrDefault(projection, block.weight(projection));
            int rows = architecture.outputFeatures(projection);
            int columns = architecture.inputFeatures(projection);
            String module = projection.module(layer);
            linears.put(
                module,
                rounded
                    ? rounded(weight, rows, columns, 8, tiles)
                    : new FloatLinear(rows, columns, weight));
            if (rounded) {
              activations.put(module, aroundLinear(projection, outputs));
            }
          }
          for (Map.Entry<InputGroup, float[]> norm : found.norms().entrySet()) {
            String name = DecoderBlock.normName(layer, norm.getKey()).orElseThrow() + ".weight";
            floats.put(name, FloatTensor.vector(norm.getValue()));
          }
        }
      }
    }
    Provenance provenance =
        new Provenance(
            "golden", "0", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
    return new QuantizedCheckpoint(linears, activations, new LinkedHashMap<>(), floats, provenance);
  }

  private static LinearActivations aroundLinear(Projection projection, boolean outputs) {
    Optional<ActivationQuantizer> rounding = Optional.of(ActivationQuantizer.perToken(8, true));
    boolean head = InputGroup.of(projection) == InputGroup.ATTENTION;
    return new LinearActivations(
        Optional.empty(), rounding, outputs && head ? rounding : Optional.empty());
  }

  static StoredLinear rounded(float[] weight, int rows, int columns, int bits, Tiles tiles) {
    Recipe recipe = Recipe.rtn(bits, 0, Grid.QUAROT_SYMMETRIC);
    return ColumnSweep.round(weight, rows, columns, recipe, Optional.empty(), tiles).linear();
  }

  float[] logits(QuantizedCheckpoint quantized, int sequences) {
    try (TransformerModel model =
            TransformerModel.load(architecture, weights, quantized, Precision.FP32);
        TensorScope _ = TensorScope.open()) {
      return model.logits(ids(sequences)).toFloats();
    }
  }
}
