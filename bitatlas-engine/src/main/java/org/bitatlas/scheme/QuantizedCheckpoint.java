package org.bitatlas.scheme;

import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * The neutral quantized checkpoint: what methods write, and what engine, formats and bench read.
 *
 * @param linears linear layers by module name, for example {@code model.layers.0.self_attn.q_proj};
 *     also {@code model.embed_tokens} and {@code lm_head} where a recipe quantizes them; in memory,
 *     or {@link MappedLinears}
 * @param activations what happens around linears while the model runs, by module name; a module
 *     that is not named: nothing
 * @param attention what happens to queries, keys and values, by block index
 * @param floats float tensors that replace the base model's, by tensor name, for example {@code
 *     model.layers.0.input_layernorm.weight}
 * @param provenance how it was made: base weights digest, recipe, calibration, versions
 */
public record QuantizedCheckpoint(
    SequencedMap<String, StoredLinear> linears,
    SequencedMap<String, LinearActivations> activations,
    SequencedMap<Integer, AttentionActivations> attention,
    SequencedMap<String, FloatTensor> floats,
    Provenance provenance) {

  /** Module name of the embedding. */
  public static final String EMBEDDING = "model.embed_tokens";

  /**
   * Module name of the head. Where a model ties its head to the embedding, an entry of this name
   * unties them: both are then stored, and both count.
   */
  public static final String HEAD = "lm_head";

  /** A weight-only checkpoint without transforms. */
  public QuantizedCheckpoint(SequencedMap<String, StoredLinear> linears, Provenance provenance) {
    this(linears, new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>(), provenance);
  }

  /** Whether the head is stored here, apart from the embedding. */
  public boolean hasHead() {
    return linears.containsKey(HEAD) || floats.containsKey(HEAD + ".weight");
  }

  /** Names of all tensors that a folder stores for this checkpoint, without the base's own. */
  public Set<String> storedTensors() {
    return CheckpointParts.of(this).names();
  }

  /** The same with all linears in memory, whether or not they were on disk. */
  public QuantizedCheckpoint inMemory() {
    return new QuantizedCheckpoint(
        new LinkedHashMap<>(linears), activations, attention, floats, provenance);
  }

  /**
   * What is known of a linear without reading it from a file.
   *
   * @param module one of {@link #linears()}
   */
  public LinearEntry entry(String module) {
    return CheckpointParts.of(this).entry(module);
  }

  /**
   * Scales, zero points and groups of a linear on a grid, empty of another. Codes are not read from
   * a file.
   *
   * @param module one of {@link #linears()}
   */
  public Optional<GridCells> cells(String module) {
    return CheckpointParts.of(this).cells(module);
  }

  /** How many linears have a scheme, by {@link StoredLinear#scheme()} in words. */
  public SortedMap<String, Integer> schemes() {
    SortedMap<String, Integer> schemes = new TreeMap<>();
    for (String module : linears.keySet()) {
      String scheme =
          entry(module) instanceof LinearEntry.Grid grid
              ? grid.scheme()
              : Objects.requireNonNull(linears.get(module)).scheme();
      schemes.merge(scheme, 1, Integer::sum);
    }
    return schemes;
  }

  /**
   * What the stored tensors mean, in one line of JSON: all that {@code bitatlas.json} says of them,
   * without where they come from. Equal texts and equal tensors compute the same.
   */
  public String meaning() {
    ObjectNode root = JsonFields.JSON.createObjectNode();
    ManifestSections.of(CheckpointParts.of(this)).write(root);
    return root.toString();
  }

  /** What happens around a module. */
  public LinearActivations activationsOf(String module) {
    return activations.getOrDefault(module, LinearActivations.NONE);
  }

  /** What happens to queries, keys and values of a block. */
  public AttentionActivations attentionOf(int layer) {
    return attention.getOrDefault(layer, AttentionActivations.NONE);
  }
}
