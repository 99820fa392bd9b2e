package org.bitatlas.format.gguf;

import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.SentencePieceModel;

/** Kinds of tokens, in the order of their numbers from 1 (those of SentencePiece). */
enum TokenKind {
  NORMAL,
  UNKNOWN,
  CONTROL,
  USER_DEFINED,
  UNUSED,
  BYTE;

  private static final TokenKind[] ALL = values();

  /** The number that stands for this kind in a file. */
  int number() {
    return ordinal() + 1;
  }

  /**
   * The kind of a number in a file.
   *
   * @throws BitAtlasException when there is none
   */
  static TokenKind of(int number, GgufMetadata metadata) {
    if (number < 1 || number > ALL.length) {
      throw metadata.invalid(GgufVocabulary.KINDS, "an array of 1 to " + ALL.length, number);
    }
    return ALL[number - 1];
  }

  /** The kind of a piece. */
  static TokenKind of(SentencePieceModel.Type type) {
    return ALL[type.ordinal()];
  }

  /** Whether such a token is no text. */
  boolean isSpecial() {
    return this == CONTROL || this == UNKNOWN;
  }
}
