package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;

/**
 * Puts a transform and an activation policy into a block: weights, norms and biases, online
 * transforms, rounding of inputs, outputs and cache.
 */
final class TransformStep {

  private final DecoderBlock block;
  private final Recipe recipe;
  private final SequencedMap<String, FloatTensor> floats = new LinkedHashMap<>();
  private final Map<Projection, float[]> clipped = new EnumMap<>(Projection.class);
  private final Map<Projection, LinearActivations> found = new EnumMap<>(Projection.class);
  private final List<Projection> changed = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private AttentionActivations attention = AttentionActivations.NONE;

  TransformStep(DecoderBlock block, Recipe recipe) {
    this.block = block;
    this.recipe = recipe;
  }

  /** Applies a transform: afterwards the block computes what it did. */
  void apply(BlockTransform transform) {
    int layer = block.layer();
    transform.weights().forEach(block::setWeight);
    transform
        .biases()
        .forEach((projection, bias) -> {
          block.setBias(projection, bias);
          floats.put(projection.module(layer) + ".bias", FloatTensor.vector(bias));
        });
    transform
        .norms()
        .forEach((group, norm) -> {
          block.setNorm(group, norm);
          String name = DecoderBlock.normName(layer, group).orElseThrow();
          floats.put(name + ".weight", FloatTensor.vector(norm));
        });
    changed.addAll(transform.weights().keySet());
    clipped.putAll(transform.clipped());
    found.putAll(transform.activations());
    attention = transform.attention();
    transform
        .facts()
        .forEach((fact, value) -> notes.add("block " + layer + ": " + fact + " " + value));
    for (Projection projection : Projection.values()) {
      block.setActivations(projection, transformOnly(projection));
    }
    block.setAttention(withoutRounding());
  }

  /** Turns rounding of activations on, as far as the recipe goes. */
  void roundActivations(Map<InputGroup, InputStatistics> statistics) {
    for (Projection projection : Projection.values()) {
      block.setActivations(projection, activations(projection, statistics));
    }
    block.setAttention(attention());
  }

  private LinearActivations activations(
      Projection projection, Map<InputGroup, InputStatistics> statistics) {
    boolean rounds =
        recipe.position() == Position.QUANTIZED
            && !recipe.excludes(projection.module(block.layer()));
    if (!rounds) {
      return transformOnly(projection);
    }
    LinearActivations learned = found.getOrDefault(projection, LinearActivations.NONE);
    Optional<ActivationQuantizer> input =
        learned
            .input()
            .or(() ->
                Activations.input(
                    recipe.activations(),
                    Optional.ofNullable(statistics.get(InputGroup.of(projection)))));
    return new LinearActivations(
        learned.transform(), input, Activations.output(recipe.activations(), projection));
  }

  private LinearActivations transformOnly(Projection projection) {
    Optional<KroneckerTransform> transform =
        found.getOrDefault(projection, LinearActivations.NONE).transform();
    return new LinearActivations(transform, Optional.empty(), Optional.empty());
  }

  private AttentionActivations withoutRounding() {
    return new AttentionActivations(
        attention.headTransform(), attention.queryTransform(), Optional.empty(), Optional.empty());
  }

  /** What happens to queries, keys and values: learned ranges before those of the policy. */
  AttentionActivations attention() {
    if (recipe.position() == Position.TRANSFORMED) {
      return withoutRounding();
    }
    AttentionActivations policy = Activations.cache(recipe.activations());
    return new AttentionActivations(
        attention.headTransform(),
        attention.queryTransform(),
        attention.key().or(policy::key),
        attention.value().or(policy::value));
  }

  /** What happens around the linears, by module name; nothing is left out. */
  SequencedMap<String, LinearActivations> activations(Map<InputGroup, InputStatistics> statistics) {
    SequencedMap<String, LinearActivations> all = new LinkedHashMap<>();
    for (Projection projection : Projection.values()) {
      LinearActivations around = activations(projection, statistics);
      if (!around.equals(LinearActivations.NONE)) {
        all.put(projection.module(block.layer()), around);
      }
    }
    return all;
  }

  /** Norms and biases that changed, by tensor name. */
  SequencedMap<String, FloatTensor> floats() {
    return floats;
  }

  /** Whether the transform changed a weight. */
  boolean changed(Projection projection) {
    return changed.contains(projection);
  }

  /** What is rounded in place of the block's weight, where a range is clipped. */
  Optional<float[]> clipped(Projection projection) {
    return Optional.ofNullable(clipped.get(projection));
  }

  List<String> notes() {
    return notes;
  }
}
