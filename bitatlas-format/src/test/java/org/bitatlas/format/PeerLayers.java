package org.bitatlas.format;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.StoredLinear;

/**
 * How the layers of a folder are made that other libraries open.
 *
 * @param name in words
 * @param grids a layer by its module's name and {N, K}
 * @param floats modules that stay float
 */
record PeerLayers(
    String name, BiFunction<String, int[], StoredLinear> grids, Predicate<String> floats) {

  static final int GROUP = 32;

  private PeerLayers(String name, BiFunction<String, int[], StoredLinear> grids) {
    this(name, grids, _ -> false);
  }

  static PeerLayers of(int bits, int groupSize, boolean symmetric, boolean actOrder) {
    String name =
        "%d bits, %s%s%s"
            .formatted(
                bits,
                groupSize == 0 ? "per channel" : "groups of " + groupSize,
                symmetric ? ", symmetric" : ", asymmetric",
                actOrder ? ", act order" : "");
    return new PeerLayers(
        name,
        (module, size) -> {
          int columns = groupSize == 0 ? size[1] : groupSize;
          int groups = size[1] / columns;
          Optional<int[]> index =
              actOrder
                  ? Optional.of(
                      IntStream.range(0, size[1]).map(k -> (k * 7 + 3) % groups).toArray())
                  : Optional.empty();
          return SmallModel.grid(
              size[0], size[1], bits, columns, symmetric, index, module.hashCode());
        });
  }

  static PeerLayers mixed(int most, int down) {
    return mixed(
        "%d bits, down_proj %d, groups of %d, symmetric".formatted(most, down, GROUP),
        Map.of("down_proj", down),
        most,
        false);
  }

  /** Parts of a fused layer alike; those of 8 bits with act order. */
  static PeerLayers fused() {
    return mixed(
        "4 bits, gate and up 3, q, k and v 8 with act order",
        Map.of("q_proj", 8, "k_proj", 8, "v_proj", 8, "gate_proj", 3, "up_proj", 3),
        4,
        true);
  }

  /** Parts of a fused layer apart. */
  static PeerLayers apart() {
    return mixed("4 bits, q_proj 8, up_proj 2", Map.of("q_proj", 8, "up_proj", 2), 4, false);
  }

  /** 4 bits, and some layers float. */
  static PeerLayers partly(String name, Predicate<String> floats) {
    return new PeerLayers(
        "4 bits, %s float".formatted(name), of(4, GROUP, true, false).grids(), floats);
  }

  private static PeerLayers mixed(
      String name, Map<String, Integer> others, int most, boolean actOrder) {
    return new PeerLayers(
        name,
        (module, size) -> {
          int bits = others.getOrDefault(module.substring(module.lastIndexOf('.') + 1), most);
          return of(bits, GROUP, true, actOrder && bits == 8).grids().apply(module, size);
        });
  }

  /** The weights of a float model, rounded to 4 bits in groups by the range of each. */
  static PeerLayers rounded(Path model, boolean symmetric) {
    return new PeerLayers(
        "embedded model, 4 bits, groups of %d, %s"
            .formatted(GROUP, symmetric ? "symmetric" : "asymmetric"),
        (module, size) -> {
          try (SafetensorsCheckpoint stored = SafetensorsCheckpoint.open(model)) {
            StoredTensor weight = stored.get(module + ".weight");
            return rounded(StoredFloats.values(weight, weight.shape()), size, symmetric);
          }
        });
  }

  /** W [N x K] rounded to 4 bits in groups, by the range of each, with scales that fp16 holds. */
  private static GridLinear rounded(float[] weights, int[] size, boolean symmetric) {
    byte[] codes = new byte[weights.length];
    float[] scales = new float[weights.length / GROUP];
    byte[] zeros = new byte[scales.length];
    for (int g = 0; g < scales.length; g++) {
      float least = 0;
      float most = 0;
      for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
        least = Math.min(least, weights[i]);
        most = Math.max(most, weights[i]);
      }
      float range = symmetric ? 2 * Math.max(most, -least) : most - least;
      scales[g] = Float.float16ToFloat(Float.floatToFloat16(Math.max(range / 15, 1e-4f)));
      // From 1 up: version 1 of GPTQ has no zero point 0.
      int zero = symmetric ? 8 : Math.clamp(Math.round(-least / scales[g]), 1, 15);
      zeros[g] = (byte) zero;
      for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
        codes[i] = (byte) Math.clamp(Math.round(weights[i] / scales[g]) + zero, 0, 15);
      }
    }
    return GridLinear.of(
        size[0], size[1], 4, GROUP, symmetric, codes, scales, zeros, Optional.empty());
  }
}
