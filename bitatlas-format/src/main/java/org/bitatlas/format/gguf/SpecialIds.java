package org.bitatlas.format.gguf;

import java.util.Optional;

/**
 * Ids of tokens with a role.
 *
 * @param begin begins a sequence
 * @param end ends one
 * @param unknown stands for text without a token
 * @param padding fills sequences up
 */
public record SpecialIds(
    Optional<Integer> begin,
    Optional<Integer> end,
    Optional<Integer> unknown,
    Optional<Integer> padding) {

  private static final String BEGIN = "tokenizer.ggml.bos_token_id";
  private static final String END = "tokenizer.ggml.eos_token_id";
  private static final String UNKNOWN = "tokenizer.ggml.unknown_token_id";
  private static final String PADDING = "tokenizer.ggml.padding_token_id";

  /**
   * The ids of a file.
   *
   * @param tokens ids are below
   * @throws org.bitatlas.tensor.BitAtlasException when one is not
   */
  static SpecialIds of(GgufMetadata metadata, int tokens) {
    return new SpecialIds(
        id(metadata, BEGIN, tokens),
        id(metadata, END, tokens),
        id(metadata, UNKNOWN, tokens),
        id(metadata, PADDING, tokens));
  }

  private static Optional<Integer> id(GgufMetadata metadata, String key, int tokens) {
    Optional<Integer> id = metadata.findSize(key);
    if (id.isPresent() && id.get() >= tokens) {
      throw metadata.invalid(key, "an id below " + tokens, id.get());
    }
    return id;
  }

  /** Adds the ids to a file's metadata. */
  void describe(GgufMetadata metadata) {
    begin.ifPresent(id -> metadata.put(BEGIN, id));
    end.ifPresent(id -> metadata.put(END, id));
    unknown.ifPresent(id -> metadata.put(UNKNOWN, id));
    padding.ifPresent(id -> metadata.put(PADDING, id));
  }
}
