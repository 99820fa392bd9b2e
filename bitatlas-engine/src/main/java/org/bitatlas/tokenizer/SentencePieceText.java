package org.bitatlas.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.List;
import org.bitatlas.tokenizer.SentencePieceModel.Piece;

/**
 * Pieces back to text, as SentencePiece's own {@code Decode} does it (sentencepiece_processor.cc):
 * runs of byte pieces are joined and read as UTF-8, the meta space becomes a space, and the space
 * that the dummy prefix put before the text is taken off again.
 */
final class SentencePieceText {

  private static final String META_SPACE = "\u2581";

  private final SentencePieceModel model;
  private final StringBuilder text = new StringBuilder();
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private boolean atStart = true;
  private boolean prefixTaken;

  private SentencePieceText(SentencePieceModel model) {
    this.model = model;
  }

  /** Text of {@code ids}; every id must be in range. */
  static String decode(SentencePieceModel model, List<Integer> ids) {
    SentencePieceText decoder = new SentencePieceText(model);
    for (int id : ids) {
      decoder.accept(model.pieces().get(id));
    }
    decoder.flushBytes();
    return decoder.text.toString();
  }

  private void accept(Piece piece) {
    if (piece.type() == SentencePieceModel.Type.BYTE) {
      pending.write(Integer.parseInt(piece.text(), 3, 5, 16));
      return;
    }
    flushBytes();
    if (prefixTaken || !text.isEmpty()) {
      atStart = false;
    }
    switch (piece.type()) {
      case CONTROL -> prefixTaken = false;
      case UNKNOWN -> {
        text.append(model.unknownSurface());
        prefixTaken = false;
      }
      case NORMAL, USER_DEFINED, UNUSED, BYTE -> appendPiece(piece.text());
    }
  }

  private void appendPiece(String piece) {
    boolean strips = model.addDummyPrefix() || model.removeExtraWhitespaces();
    prefixTaken = false;
    String rest = piece;
    if (atStart && strips && piece.startsWith(META_SPACE)) {
      rest = piece.substring(META_SPACE.length());
      // Where runs of spaces were collapsed, all leading spaces go; otherwise only the prefix.
      prefixTaken = !model.removeExtraWhitespaces();
    }
    text.append(rest.replace(META_SPACE, " "));
  }

  private void flushBytes() {
    if (pending.size() > 0) {
      text.append(Utf8.decode(pending));
      pending.reset();
    }
  }
}
