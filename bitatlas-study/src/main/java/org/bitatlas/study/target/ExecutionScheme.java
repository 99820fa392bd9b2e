package org.bitatlas.study.target;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;

/**
 * How a model is computed, as far as time and memory depend on it.
 *
 * @param name in words
 * @param blocks how the weights of each block's linear layers are stored; one entry for blocks that
 *     are all alike
 * @param embedding how the embedding is stored
 * @param head how the head is stored; where it is the embedding's table, that is stored once
 * @param factors type of the factors of the linear layers' products
 * @param floats type of what is not quantized: attention, activations
 * @param inputs when the ranges of rounded inputs are found
 * @param cacheBits bits of a cached key or value
 */
public record ExecutionScheme(
    String name,
    List<Map<Projection, StoredWeight>> blocks,
    StoredWeight embedding,
    StoredWeight head,
    Arithmetic factors,
    Arithmetic floats,
    Inputs inputs,
    int cacheBits) {

  /** How the inputs of linear layers are rounded. */
  public enum Inputs {
    /** Not at all. */
    FLOAT,
    /** By ranges found beforehand. */
    STATIC,
    /** By ranges found for every token: the values are read twice. */
    DYNAMIC
  }

  /** Copies the maps. */
  public ExecutionScheme {
    blocks = blocks.stream().map(Map::copyOf).toList();
  }

  /**
   * All blocks alike, embedding and head in float.
   *
   * @param weightBits bits of a weight by linear layer of a block; 16 for bf16 and fp16, 32 for
   *     fp32
   * @param groupSize weights of a row that share a scale; 0 for one per row
   * @param scaleBytes bytes of a scale
   * @param zeroPoints whether every group has a zero point, of as many bits as a weight
   */
  public static ExecutionScheme alike(
      String name,
      Map<Projection, Integer> weightBits,
      int groupSize,
      int scaleBytes,
      boolean zeroPoints,
      Arithmetic factors,
      Arithmetic floats,
      Inputs inputs,
      int cacheBits) {
    Map<Projection, StoredWeight> block = new EnumMap<>(Projection.class);
    weightBits.forEach((projection, bits) ->
        block.put(
            projection,
            bits >= 16
                ? new StoredWeight(bits, 0, 0)
                : StoredWeight.codes(bits, groupSize, scaleBytes, zeroPoints)));
    StoredWeight table = StoredWeight.floats(floats);
    return new ExecutionScheme(
        name, List.of(block), table, table, factors, floats, inputs, cacheBits);
  }

  /** The same bits in every layer. */
  public static Map<Projection, Integer> everywhere(int bits) {
    Map<Projection, Integer> all = new EnumMap<>(Projection.class);
    for (Projection projection : Projection.values()) {
      all.put(projection, bits);
    }
    return all;
  }

  /** A model that is not quantized. */
  public static ExecutionScheme floats(String name, Arithmetic type) {
    int bits = (int) (type.bytes() * Byte.SIZE);
    return alike(name, everywhere(bits), 0, 0, false, type, type, Inputs.FLOAT, bits);
  }

  /** Whether it tells the blocks of a model: all alike, or as many as the model has. */
  public boolean fits(Architecture architecture) {
    return blocks.size() == 1 || blocks.size() == architecture.layers();
  }

  /** How the weight of a linear layer is stored; one that no block names is float. */
  public StoredWeight weight(int layer, Projection projection) {
    return blocks
        .get(blocks.size() == 1 ? 0 : layer)
        .getOrDefault(projection, StoredWeight.floats(floats));
  }

  /** Bytes of a layer's weight [N x K] as stored, scales and zero points included. */
  public double storedBytes(Architecture architecture, int layer, Projection projection) {
    return weight(layer, projection)
        .bytes(architecture.outputFeatures(projection), architecture.inputFeatures(projection));
  }
}
