package org.bitatlas.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Pieces and flags of a SentencePiece {@code ModelProto}.
 *
 * <p>Source: sentencepiece_model.proto (fields pieces 1, trainer_spec 2, normalizer_spec 3). The
 * native binding gives neither the number of pieces nor their types, and aborts the process on an
 * id out of range, so lookup and decoding are done on this table.
 *
 * @param pieces pieces by id
 * @param ids id of each piece text
 * @param addDummyPrefix whether a space is put before the text
 * @param removeExtraWhitespaces whether runs of spaces are collapsed
 * @param normalizes whether the model has a table of its own by which characters are replaced
 *     before the text is cut
 * @param algorithm how a text is cut: 1 unigram, 2 byte pairs, 3 words, 4 characters
 * @param unknownSurface what an unknown piece decodes to
 * @param beginOfSequence text of the begin-of-sequence piece
 * @param endOfSequence text of the end-of-sequence piece
 */
public record SentencePieceModel(
    List<Piece> pieces,
    Map<String, Integer> ids,
    boolean addDummyPrefix,
    boolean removeExtraWhitespaces,
    boolean normalizes,
    int algorithm,
    String unknownSurface,
    String beginOfSequence,
    String endOfSequence) {

  /** {@link #algorithm} of byte pairs. */
  public static final int BYTE_PAIRS = 2;

  private static final int UNIGRAM = 1;

  /** Kind of a piece, in the order of the proto's numbers from 1. */
  public enum Type {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE
  }

  /**
   * One piece of the vocabulary.
   *
   * @param score log probability, or minus the rank of a merge of byte pairs
   */
  public record Piece(String text, Type type, float score) {}

  /**
   * Reads and checks a model.
   *
   * @param name the file, for error messages
   * @throws BitAtlasException when the bytes are no usable model
   */
  public static SentencePieceModel read(String name, byte[] bytes) {
    List<Piece> pieces = new ArrayList<>();
    ByteBuffer trainer = ByteBuffer.allocate(0);
    ByteBuffer normalizer = ByteBuffer.allocate(0);
    ProtobufReader message = new ProtobufReader(name, ByteBuffer.wrap(bytes));
    while (message.next()) {
      switch (message.field()) {
        case 1 -> pieces.add(piece(name, message.bytes(), pieces.size()));
        case 2 -> trainer = message.bytes();
        case 3 -> normalizer = message.bytes();
        default -> message.skip();
      }
    }
    Map<String, Integer> ids = index(name, pieces);
    Trainer train = trainer(name, trainer);
    Normalizer normal = normalizer(name, normalizer);
    return new SentencePieceModel(
        List.copyOf(pieces),
        Map.copyOf(ids),
        normal.addDummyPrefix,
        normal.removeExtraWhitespaces,
        normal.normalizes,
        train.algorithm,
        train.unknownSurface,
        train.beginOfSequence,
        train.endOfSequence);
  }

  /** Id of the piece with this text. */
  OptionalInt idOf(String piece) {
    Integer id = ids.get(piece);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private static Piece piece(String name, ByteBuffer bytes, int id) {
    String text = "";
    int type = 1;
    float score = 0;
    ProtobufReader message = new ProtobufReader(name, bytes);
    while (message.next()) {
      switch (message.field()) {
        case 1 -> text = string(message.bytes());
        case 2 -> score = message.floatValue();
        case 3 -> type = message.integer();
        default -> message.skip();
      }
    }
    if (text.isEmpty() || type < 1 || type > Type.values().length) {
      throw new BitAtlasException(
          name + " is not a usable SentencePiece model: piece " + id + " has no text or no type.");
    }
    return new Piece(text, Type.values()[type - 1], score);
  }

  private static Map<String, Integer> index(String name, List<Piece> pieces) {
    Map<String, Integer> ids = HashMap.newHashMap(pieces.size());
    int unknown = 0;
    for (int id = 0; id < pieces.size(); id++) {
      Piece piece = pieces.get(id);
      if (ids.put(piece.text(), id) != null) {
        throw new BitAtlasException(
            name
                + " is not a usable SentencePiece model: piece \""
                + piece.text()
                + "\" is twice.");
      }
      if (piece.type() == Type.BYTE && !piece.text().matches("<0x[0-9A-F]{2}>")) {
        throw new BitAtlasException(
            name + " is not a usable SentencePiece model: byte piece " + id + " names no byte.");
      }
      unknown += piece.type() == Type.UNKNOWN ? 1 : 0;
    }
    if (unknown != 1) {
      throw new BitAtlasException(
          name
              + " is not a usable SentencePiece model: it has "
              + unknown
              + " unknown pieces, expected one; fetch the file again.");
    }
    return ids;
  }

  private record Trainer(
      int algorithm, String unknownSurface, String beginOfSequence, String endOfSequence) {}

  private static Trainer trainer(String name, ByteBuffer bytes) {
    int algorithm = UNIGRAM;
    String unknownSurface = " \u2047 ";
    String begin = "<s>";
    String end = "</s>";
    ProtobufReader message = new ProtobufReader(name, bytes);
    while (message.next()) {
      switch (message.field()) {
        case 3 -> algorithm = message.integer();
        case 44 -> unknownSurface = string(message.bytes());
        case 46 -> begin = string(message.bytes());
        case 47 -> end = string(message.bytes());
        default -> message.skip();
      }
    }
    return new Trainer(algorithm, unknownSurface, begin, end);
  }

  private record Normalizer(
      boolean addDummyPrefix, boolean removeExtraWhitespaces, boolean normalizes) {}

  private static Normalizer normalizer(String name, ByteBuffer bytes) {
    boolean dummyPrefix = true;
    boolean removeExtra = true;
    boolean normalizes = false;
    ProtobufReader message = new ProtobufReader(name, bytes);
    while (message.next()) {
      switch (message.field()) {
        case 2 -> normalizes = message.bytes().hasRemaining();
        case 3 -> dummyPrefix = message.booleanValue();
        case 4 -> removeExtra = message.booleanValue();
        default -> message.skip();
      }
    }
    return new Normalizer(dummyPrefix, removeExtra, normalizes);
  }

  private static String string(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }
}
