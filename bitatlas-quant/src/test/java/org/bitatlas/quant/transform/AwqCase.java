package org.bitatlas.quant.transform;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform.Awq;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.TensorScope;
import tools.jackson.databind.JsonNode;

/**
 * A golden case of AWQ: one block, its inputs, and what the reference made of it.
 *
 * @param description the case's JSON
 * @param inputs file of the block and its inputs
 * @param expected file of the reference's results
 * @param loader of the block
 */
record AwqCase(JsonNode description, Checkpoint inputs, Checkpoint expected, BlockLoader loader)
    implements AutoCloseable {

  private static final Map<InputGroup, String> MAPPINGS =
      Map.of(
          InputGroup.ATTENTION, "input_layernorm__q_proj+k_proj+v_proj",
          InputGroup.ATTENTION_OUTPUT, "self_attn.v_proj__o_proj",
          InputGroup.MLP, "post_attention_layernorm__gate_proj+up_proj",
          InputGroup.MLP_OUTPUT, "mlp.up_proj__down_proj");

  static AwqCase open(Path json) throws IOException {
    JsonNode description = Golden.json(json);
    String tensors = json.getFileName().toString().replace(".json", ".safetensors");
    Checkpoint inputs =
        SafetensorsCheckpoint.open(json.resolveSibling(description.path("inputs").asString()));
    Checkpoint expected = SafetensorsCheckpoint.open(json.resolveSibling(tensors));
    JsonNode block = description.path("block");
    Architecture architecture =
        new Architecture(
            block.path("architecture").asString(),
            1,
            block.path("hidden_size").intValue(),
            block.path("intermediate_size").intValue(),
            1,
            block.path("num_attention_heads").intValue(),
            block.path("num_key_value_heads").intValue(),
            block.path("head_dim").intValue(),
            block.path("rms_norm_eps").doubleValue(),
            new RotaryEmbedding.Plain(block.path("rope_theta").doubleValue()),
            block.path("qkv_bias").booleanValue(),
            false,
            false,
            true,
            4096,
            0,
            List.of(),
            -1,
            List.of());
    MapCheckpoint weights = MapCheckpoint.renamed(inputs, "in.", "model.layers.0.");
    BlockLoader loader = new BlockLoader(architecture, weights, Precision.FP32);
    return new AwqCase(description, inputs, expected, loader);
  }

  Awq options() {
    JsonNode options = description.path("options");
    return new Awq(
        options.path("n_grid").intValue(),
        0,
        options.path("auto_clip").booleanValue(),
        options.path("n_grid").intValue(),
        options.path("max_shrink").doubleValue(),
        options.path("n_sample_token").intValue(),
        false);
  }

  Recipe recipe() {
    JsonNode options = description.path("options");
    int groupSize = Math.max(0, options.path("q_group_size").intValue());
    int bits = options.path("w_bit").intValue();
    return Recipe.of(WeightScheme.of(bits, groupSize, Grid.AWQ_ASYMMETRIC), new Rounding.Nearest())
        .withQuirks(true);
  }

  ArrayInputs hidden(int perBatch) {
    return new ArrayInputs(
        Golden.floats(inputs, "X_block_input"),
        Golden.size(inputs, "X_block_input", 0),
        Golden.size(inputs, "X_block_input", 1),
        Golden.size(inputs, "X_block_input", 2),
        perBatch);
  }

  double tolerance(String name) {
    return description.path("tolerances").path(name).doubleValue();
  }

  double expectedValue(String name) {
    return description.path("expected").path(name).doubleValue();
  }

  /** Name of a group's mapping, for example {@code mlp.up_proj__down_proj}. */
  static String mapping(InputGroup group) {
    return MAPPINGS.get(group);
  }

  /** The reference's scales of the groups it scaled. */
  Map<InputGroup, float[]> scales() {
    Map<InputGroup, float[]> scales = new EnumMap<>(InputGroup.class);
    MAPPINGS.forEach((group, name) -> {
      if (expected.find("scale." + name).isPresent()) {
        scales.put(group, Golden.floats(expected, "scale." + name));
      }
    });
    return scales;
  }

  /** The reference's entry for a group: best ratio and loss. */
  JsonNode best(InputGroup group) {
    for (JsonNode mapping : description.path("expected").path("mappings")) {
      String last = mapping.path("layers").get(0).asString();
      if (last.equals(group.observed().path())) {
        return mapping;
      }
    }
    throw new AssertionError("the reference has no mapping for " + group);
  }

  /** The weights after rounding, (code - zero) scale. */
  float[] quantized(Projection projection) {
    String name = "quant." + projection.path();
    float[] codes = Golden.floats(expected, name + ".codes");
    float[] scales = Golden.floats(expected, name + ".qscale");
    float[] zeros = Golden.floats(expected, name + ".qzero");
    int group = codes.length / scales.length;
    float[] weights = new float[codes.length];
    for (int i = 0; i < codes.length; i++) {
      weights[i] = (codes[i] - zeros[i / group]) * scales[i / group];
    }
    return weights;
  }

  /** Puts a transform in a block and rounds its weights to nearest. */
  void quantize(DecoderBlock block, BlockTransform transform) {
    transform.weights().forEach(block::setWeight);
    transform.norms().forEach(block::setNorm);
    transform.biases().forEach(block::setBias);
    try (Tiles tiles = new Tiles(1)) {
      for (Projection projection : Projection.values()) {
        float[] weight = transform.clipped().getOrDefault(projection, block.weight(projection));
        int columns = block.architecture().inputFeatures(projection);
        int rows = weight.length / columns;
        block.setWeight(
            projection,
            ColumnSweep.round(weight, rows, columns, recipe(), Optional.empty(), tiles)
                .linear()
                .dequantize());
      }
    }
  }

  /** The block's output for all inputs. */
  float[] output(DecoderBlock block) {
    ArrayInputs all = hidden(Integer.MAX_VALUE);
    try (TensorScope _ = TensorScope.open()) {
      return block.forward(all.batch(0), block.operators(), LinearInputObserver.NONE).toFloats();
    }
  }

  @Override
  public void close() {
    loader.close();
    expected.close();
    inputs.close();
  }
}
