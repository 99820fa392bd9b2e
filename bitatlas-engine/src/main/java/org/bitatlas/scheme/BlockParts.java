package org.bitatlas.scheme;

import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What a method made of one decoder block, or of what lies outside the blocks: embedding, final
 * norm and head.
 *
 * @param linears linear layers by module name
 * @param activations what happens around linears, by module name
 * @param attention what happens to queries, keys and values; nothing outside the blocks
 * @param floats float tensors that replace the base model's, by tensor name
 */
public record BlockParts(
    SequencedMap<String, StoredLinear> linears,
    SequencedMap<String, LinearActivations> activations,
    AttentionActivations attention,
    SequencedMap<String, FloatTensor> floats) {

  /** Linear layers only. */
  public static BlockParts of(SequencedMap<String, StoredLinear> linears) {
    return new BlockParts(
        linears, new LinkedHashMap<>(), AttentionActivations.NONE, new LinkedHashMap<>());
  }

  /** All that a method left as it was. */
  public static BlockParts none() {
    return of(new LinkedHashMap<>());
  }
}
