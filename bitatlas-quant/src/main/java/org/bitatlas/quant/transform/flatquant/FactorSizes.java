package org.bitatlas.quant.transform.flatquant;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.InputGroup;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The factors of a block's transforms in the order the reference draws them.
 *
 * @param sizes n of each [n x n], by its name in {@link BlockParameters}
 */
record FactorSizes(SequencedMap<String, Integer> sizes) {

  /**
   * Those of block {@code layer}; all blocks of a model have the same.
   *
   * @throws BitAtlasException when a width has no suitable factors, naming the layer
   */
  static FactorSizes of(Architecture architecture, int layer, Quantization quantization) {
    FactorSizes factors = new FactorSizes(new LinkedHashMap<>());
    factors.add(InputGroup.ATTENTION, architecture, layer);
    if (quantization.mixesHeads()) {
      factors.sizes.put(BlockParameters.HEADS, architecture.heads());
    } else {
      factors.add(InputGroup.ATTENTION_OUTPUT, architecture, layer);
    }
    if (quantization.roundsKeys()) {
      factors.sizes.put(BlockParameters.KEYS, architecture.headDimension());
    }
    factors.sizes.put(BlockParameters.VALUES, architecture.headDimension());
    factors.add(InputGroup.MLP, architecture, layer);
    factors.add(InputGroup.MLP_OUTPUT, architecture, layer);
    return factors;
  }

  private void add(InputGroup group, Architecture architecture, int layer) {
    int width = architecture.inputFeatures(group.observed());
    KroneckerSizes pair =
        KroneckerSizes.of(width)
            .orElseThrow(() ->
                new BitAtlasException(
                    "FlatQuant cannot transform the input of %s: its width %d is not a product of two even or two odd numbers; quantize this model with another method."
                        .formatted(group.observed().module(layer), width)));
    String name = BlockParameters.transformOf(group);
    sizes.put(name + ".left", pair.left());
    sizes.put(name + ".right", pair.right());
  }

  /** Number of elements of one matrix per factor. */
  long numbers() {
    return sizes.values().stream().mapToLong(size -> (long) size * size).sum();
  }
}
