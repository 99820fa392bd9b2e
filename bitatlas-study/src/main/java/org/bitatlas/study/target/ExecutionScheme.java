package org.bitatlas.study.target;

import java.util.EnumMap;
import java.util.Map;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;

/**
 * How a model is computed, as far as time and memory depend on it.
 *
 * @param name in words
 * @param weightBits bits of a weight by linear layer of a block; 16 for bf16 and fp16, 32 for fp32
 * @param groupSize weights of a row that share a scale; 0 for one per row
 * @param scaleBytes bytes of a scale
 * @param zeroPoints whether every group has a zero point, of as many bits as a weight
 * @param factors type of the factors of the linear layers' products
 * @param floats type of what is not quantized: head, attention, activations
 * @param inputs when the ranges of rounded inputs are found
 * @param cacheBits bits of a cached key or value
 */
public record ExecutionScheme(
    String name,
    Map<Projection, Integer> weightBits,
    int groupSize,
    int scaleBytes,
    boolean zeroPoints,
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

  /** Copies the map. */
  public ExecutionScheme {
    weightBits = Map.copyOf(weightBits);
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
    return new ExecutionScheme(name, everywhere(bits), 0, 0, false, type, type, Inputs.FLOAT, bits);
  }

  /** Bits of a weight of a layer. */
  public int bits(Projection projection) {
    return weightBits.getOrDefault(projection, (int) (floats.bytes() * Byte.SIZE));
  }

  /** Bytes of a layer's weight [N x K] as stored, scales and zero points included. */
  public double storedBytes(Architecture architecture, Projection projection) {
    double rows = architecture.outputFeatures(projection);
    double columns = architecture.inputFeatures(projection);
    double groups = groupSize == 0 ? 1 : Math.ceil(columns / groupSize);
    double bits = bits(projection);
    double scales = bits >= 16 ? 0 : scaleBytes + (zeroPoints ? bits / Byte.SIZE : 0);
    return rows * (columns * bits / Byte.SIZE + groups * scales);
  }
}
