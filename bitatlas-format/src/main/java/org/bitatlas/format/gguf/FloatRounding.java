package org.bitatlas.format.gguf;

import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Rounds the matrices of a float model to block types as llama.cpp's quantizer does without an
 * importance matrix: one type for the blocks, one for embedding and head.
 *
 * @param blocks type of the matrices of the decoder blocks
 * @param outer type of embedding and head
 */
public record FloatRounding(GgufType blocks, GgufType outer) {

  /**
   * Checks that both types are written.
   *
   * @throws BitAtlasException when one is only read
   */
  public FloatRounding {
    for (GgufType type : new GgufType[] {blocks, outer}) {
      if (!type.canEncode()) {
        throw new BitAtlasException(
            "GGUF type %s is read, but not written; choose F32, F16, BF16, Q8_0, Q6_K, Q5_1, Q5_0, Q4_K, Q4_1 or Q4_0."
                .formatted(type));
      }
    }
  }

  /** Embedding and head in the same type. */
  public static FloatRounding pure(GgufType type) {
    return new FloatRounding(type, type);
  }

  /** As llama.cpp chooses: embedding and head in Q6_K where the blocks have fewer bits. */
  public static FloatRounding usual(GgufType blocks) {
    boolean fewer = blocks.bitsPerWeight() < GgufType.Q6_K.bitsPerWeight();
    return new FloatRounding(blocks, fewer ? GgufType.Q6_K : blocks);
  }

  /** The method in one sentence, for model card and metadata. */
  String description() {
    boolean exact = blocks.isFloat() && outer.isFloat();
    return (exact
            ? "float weights stored as %s, embedding and head as %s"
            : "float weights rounded to %s, embedding and head to %s, as llama.cpp quantize does"
                + " without an importance matrix (no calibration)")
        .formatted(blocks, outer);
  }

  /** The type that a matrix should have. */
  GgufType typeOf(String name) {
    boolean isOuter =
        name.startsWith(QuantizedCheckpoint.EMBEDDING) || name.startsWith(QuantizedCheckpoint.HEAD);
    return isOuter ? outer : blocks;
  }

  /**
   * The type itself where rows of {@code columns} weights are whole blocks of it; else the one that
   * llama.cpp falls back to: Q5_0 for Q4_K, Q8_0 for Q6_K, and F16 where rows are no blocks of 32.
   */
  static GgufType fitting(GgufType wanted, int columns) {
    if (wanted.fits(columns)) {
      return wanted;
    }
    GgufType smaller =
        switch (wanted) {
          case Q4_K -> GgufType.Q5_0;
          case Q6_K -> GgufType.Q8_0;
          default -> GgufType.F16;
        };
    return smaller.fits(columns) ? smaller : GgufType.F16;
  }
}
