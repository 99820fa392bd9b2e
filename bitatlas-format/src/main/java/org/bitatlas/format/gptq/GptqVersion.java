package org.bitatlas.format.gptq;

import org.bitatlas.format.PackedWords;

/**
 * How zero points are stored. Version 1 stores each less 1, so that 0 has no place of its own:
 * GPTQModel subtracts 1 from every field in one subtraction per word, and a 0 borrows from the next
 * field. Version 2 stores them as they are.
 */
public enum GptqVersion {
  /** AutoGPTQ's, and what loaders expect where nothing is said. */
  V1("gptq"),
  /** GPTQModel's. */
  V2("gptq_v2");

  private final String label;

  GptqVersion(String label) {
    this.label = label;
  }

  /** The name in configurations, as {@code checkpoint_format}. */
  public String label() {
    return label;
  }

  /** Whether zero points of 0 have a place. */
  boolean holdsZero() {
    return this == V2;
  }

  /**
   * Packs zero points.
   *
   * @param zeroPoints [groups x rows], which this version holds
   * @return words [groups x rows bits / 32]
   */
  int[] pack(byte[] zeroPoints, int groups, int rows, int bits) {
    byte[] stored = zeroPoints.clone();
    if (this == V1) {
      for (int i = 0; i < stored.length; i++) {
        stored[i]--;
      }
    }
    return PackedWords.pack(stored, groups, rows, bits);
  }

  /**
   * Unpacks zero points; undoes the one subtraction per word of version 1. At 3 bits, where fields
   * span words, every field by itself.
   *
   * @param words [groups x rows bits / 32]
   * @return [groups x rows]
   */
  public byte[] unpack(int[] words, int groups, int rows, int bits) {
    if (this == V2) {
      return PackedWords.unpack(words, groups, rows, bits);
    }
    if (Integer.SIZE % bits == 0) {
      int ones = ones(bits);
      int[] whole = words.clone();
      for (int i = 0; i < whole.length; i++) {
        whole[i] += ones;
      }
      return PackedWords.unpack(whole, groups, rows, bits);
    }
    byte[] zeros = PackedWords.unpack(words, groups, rows, bits);
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (byte) ((zeros[i] + 1) & ((1 << bits) - 1));
    }
    return zeros;
  }

  /** A word with 1 in every field. */
  private static int ones(int bits) {
    int word = 0;
    for (int at = 0; at < Integer.SIZE; at += bits) {
      word |= 1 << at;
    }
    return word;
  }
}
