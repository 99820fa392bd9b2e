package org.bitatlas.tokenizer;

import java.util.List;
import java.util.OptionalInt;

/** Text to token ids and back. Thread-safe. */
public interface Tokenizer {

  /**
   * Token ids of {@code text}. Special tokens written in the text are recognised.
   *
   * @param addSpecialTokens whether to add what the tokenizer's configuration adds (begin of
   *     sequence, for example)
   */
  int[] encode(String text, boolean addSpecialTokens);

  /**
   * Text of {@code ids}. Ids without a token give no text: the embedding of a model may have more
   * rows than its tokenizer has tokens, and a damaged model may produce them. Spaces are never
   * cleaned up ({@code clean_up_tokenization_spaces} is ignored).
   *
   * @param skipSpecialTokens whether special tokens are left out; for SentencePiece folders these
   *     are the begin, end, unknown, padding and additional special tokens (openPangu's {@code
   *     [unused16]} and {@code [unused17]} stay in the text), for others all that the file flags
   *     special
   */
  String decode(List<Integer> ids, boolean skipSpecialTokens);

  /** Number of ids this tokenizer can produce (the model's embedding may have more rows). */
  int vocabularySize();

  /** Id of a single token by its exact text, special tokens included. */
  OptionalInt idOf(String token);

  /**
   * Text of a single token, as the vocabulary writes it.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when there is no such token
   */
  String tokenOf(int id);

  /** Begin-of-sequence id the tokenizer adds, if it adds one. */
  OptionalInt beginOfSequenceId();

  /** SHA-256 of what defines this tokenizer's behaviour (files and flags). */
  String digest();
}
