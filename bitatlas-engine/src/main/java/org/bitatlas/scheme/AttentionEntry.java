package org.bitatlas.scheme;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code bitatlas.json} says of the {@link AttentionActivations} of a block.
 *
 * @param headDimension d of the transforms of heads [d x d]; 0 without any
 */
record AttentionEntry(
    int headDimension, Optional<ActivationQuantizer> key, Optional<ActivationQuantizer> value) {

  private static final int LARGEST_DIMENSION = 1 << 14;

  static AttentionEntry of(AttentionActivations attention) {
    return new AttentionEntry(attention.headDimension(), attention.key(), attention.value());
  }

  void write(ObjectNode target) {
    target.put("transformOfHeads", headDimension);
    QuantizerJson.write(target, "key", key);
    QuantizerJson.write(target, "value", value);
  }

  static AttentionEntry read(JsonFields fields) {
    return new AttentionEntry(
        fields.integer("transformOfHeads", 0, LARGEST_DIMENSION),
        QuantizerJson.read(fields, "key"),
        QuantizerJson.read(fields, "value"));
  }
}
