package org.bitatlas.scheme;

import java.util.Optional;

/** Names of modules and tensors of decoder blocks: {@code model.layers.N.} and what follows. */
final class BlockNames {

  private static final String PREFIX = "model.layers.";

  private BlockNames() {}

  /** The part of a name in front of what is inside its block; the name itself outside of blocks. */
  static String block(String name) {
    int end = name.startsWith(PREFIX) ? name.indexOf('.', PREFIX.length()) : -1;
    return end < 0 ? name : name.substring(0, end);
  }

  /** Index of the block a name belongs to; empty outside of blocks. */
  static Optional<Integer> layer(String name) {
    String block = block(name);
    if (!block.startsWith(PREFIX)) {
      return Optional.empty();
    }
    try {
      int layer = Integer.parseInt(block.substring(PREFIX.length()));
      return layer < 0 ? Optional.empty() : Optional.of(layer);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Name of a block's attention. */
  static String attention(int layer) {
    return PREFIX + layer + ".self_attn";
  }
}
