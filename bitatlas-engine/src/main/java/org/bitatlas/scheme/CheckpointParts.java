package org.bitatlas.scheme;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.TensorData;

/** A quantized checkpoint without its provenance, or a piece of one: see {@link BlockParts}. */
record CheckpointParts(
    SequencedMap<String, StoredLinear> linears,
    SequencedMap<String, LinearActivations> activations,
    SequencedMap<Integer, AttentionActivations> attention,
    SequencedMap<String, FloatTensor> floats) {

  static CheckpointParts of(QuantizedCheckpoint checkpoint) {
    return new CheckpointParts(
        checkpoint.linears(),
        checkpoint.activations(),
        checkpoint.attention(),
        checkpoint.floats());
  }

  /** The same with all linears in memory. */
  CheckpointParts inMemory() {
    return new CheckpointParts(new LinkedHashMap<>(linears), activations, attention, floats);
  }

  /** What is known of a linear without reading it from a file. */
  LinearEntry entry(String module) {
    return linears instanceof MappedLinears mapped
        ? mapped.entry(module)
        : LinearEntry.of(linear(module));
  }

  /** Scales and zero points of a linear on a grid; its codes are not read from a file. */
  Optional<GridCells> cells(String module) {
    if (linears instanceof MappedLinears mapped) {
      return mapped.cells(module);
    }
    return linear(module) instanceof GridLinear grid ? Optional.of(grid.cells()) : Optional.empty();
  }

  private StoredLinear linear(String module) {
    return Objects.requireNonNull(linears.get(module), module);
  }

  /** The parts of block {@code layer}, or of what lies outside the blocks. */
  static CheckpointParts of(Optional<Integer> layer, BlockParts parts) {
    SequencedMap<Integer, AttentionActivations> attention = new LinkedHashMap<>();
    if (!parts.attention().equals(AttentionActivations.NONE)) {
      attention.put(
          layer.orElseThrow(
              () -> new IllegalArgumentException("there is no attention outside the blocks")),
          parts.attention());
    }
    return new CheckpointParts(parts.linears(), parts.activations(), attention, parts.floats());
  }

  /** The pieces of one block, or of what lies outside the blocks. */
  BlockParts piece(Optional<Integer> layer) {
    return new BlockParts(
        named(linears, layer),
        named(activations, layer),
        layer
            .map(block -> attention.getOrDefault(block, AttentionActivations.NONE))
            .orElse(AttentionActivations.NONE),
        named(floats, layer));
  }

  private static <T> SequencedMap<String, T> named(
      SequencedMap<String, T> whole, Optional<Integer> layer) {
    SequencedMap<String, T> piece = new LinkedHashMap<>();
    // Values of other blocks are not asked for: they may be on disk.
    for (Map.Entry<String, T> entry : whole.entrySet()) {
      if (BlockNames.layer(entry.getKey()).equals(layer)) {
        piece.put(entry.getKey(), entry.getValue());
      }
    }
    return piece;
  }

  /**
   * The module under whose name a module's transform is stored: the first of its block that has an
   * equal one. Modules without a transform are not named.
   */
  Map<String, String> transformOwners() {
    Map<BlockTransform, String> first = new HashMap<>();
    Map<String, String> owners = new HashMap<>();
    activations.forEach((module, around) ->
        around
            .transform()
            .ifPresent(transform ->
                owners.put(
                    module,
                    first.computeIfAbsent(
                        new BlockTransform(BlockNames.block(module), transform), _ -> module))));
    return owners;
  }

  private record BlockTransform(String block, KroneckerTransform transform) {}

  /** Names of {@link #tensors()}; no linear is read. */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    linears.keySet().forEach(module -> names.addAll(LinearStorage.names(module, entry(module))));
    aroundLinears().forEach(tensor -> names.add(tensor.name()));
    return names;
  }

  /** The tensors that are stored for these parts. */
  List<TensorData> tensors() {
    List<TensorData> tensors = new ArrayList<>();
    linears.forEach((module, linear) -> tensors.addAll(LinearStorage.tensors(module, linear)));
    tensors.addAll(aroundLinears());
    return tensors;
  }

  private List<TensorData> aroundLinears() {
    List<TensorData> tensors = new ArrayList<>(transforms());
    attention.forEach((layer, block) ->
        tensors.addAll(TransformStorage.tensors(BlockNames.attention(layer), block)));
    floats.forEach((name, tensor) ->
        tensors.add(
            StoredArrays.of(
                name,
                tensor.values(),
                tensor.shape().stream().mapToLong(Long::longValue).toArray())));
    return tensors;
  }

  /** The tensors of the online transforms of linears. */
  List<TensorData> transforms() {
    List<TensorData> tensors = new ArrayList<>();
    Map<String, String> owners = transformOwners();
    activations.forEach((module, around) -> {
      if (module.equals(owners.get(module))) {
        tensors.addAll(TransformStorage.tensors(module, around.transform().orElseThrow()));
      }
    });
    return tensors;
  }
}
