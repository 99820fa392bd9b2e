package org.bitatlas.format.support;

import org.bitatlas.tensor.BitAtlasException;

/**
 * How one linear layer of a checkpoint is quantized: what a stack must be able to load.
 *
 * @param storage how its codes are stored
 * @param bits bits of a weight, 1 to 8
 * @param groupSize weights along a row that share a scale; 0 for one scale per output channel
 * @param symmetric whether the zero point is the middle of the codes
 * @param inputs how its inputs are rounded
 * @param transforms whether an online transform (FlatQuant's) stands in front of it
 * @param bias whether it has a bias
 * @param experts whether it is an expert of a mixture
 */
public record LayerScheme(
    Storage storage,
    int bits,
    int groupSize,
    boolean symmetric,
    Inputs inputs,
    boolean transforms,
    boolean bias,
    boolean experts) {

  /** How codes are stored. */
  public enum Storage {
    /** Codes of equal width on a grid of scales. */
    GRID,
    /** Another number of bits in every group: SliM-LLM. */
    MIXED_GROUPS,
    /** Sign planes with scales per block: BiLLM. */
    BINARY
  }

  /**
   * Checks the ranges.
   *
   * @throws BitAtlasException when one is out of range
   */
  public LayerScheme {
    if (bits < 1 || bits > 8 || groupSize < 0) {
      throw new BitAtlasException(
          "A layer has %d bits in groups of %d; give 1 to 8 bits and a group size, or 0 for a scale per channel."
              .formatted(bits, groupSize));
    }
  }

  /** A dense layer on a grid. */
  public static LayerScheme dense(
      int bits, int groupSize, boolean symmetric, Inputs inputs, boolean bias) {
    return new LayerScheme(Storage.GRID, bits, groupSize, symmetric, inputs, false, bias, false);
  }

  /** In words, for example {@code W4 in groups of 128, asymmetric, inputs float}. */
  public String words() {
    String stored =
        switch (storage) {
          case GRID -> symmetric ? "symmetric" : "asymmetric";
          case MIXED_GROUPS -> "with other bits in every group";
          case BINARY -> "as sign planes";
        };
    return "W%d %s, %s, inputs %s%s%s%s"
        .formatted(
            bits,
            groupSize == 0 ? "per channel" : "in groups of " + groupSize,
            stored,
            inputs.words(),
            transforms ? ", behind an online transform" : "",
            bias ? ", with bias" : "",
            experts ? ", experts" : "");
  }
}
