package org.bitatlas.format.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.gguf.GgufVocabulary.Token;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.SentencePieceModel;
import org.bitatlas.tokenizer.SentencePieceModel.Piece;

/**
 * A SentencePiece {@code tokenizer.model} as a vocabulary, and back. Added tokens of {@code
 * tokenizer_config.json} become control tokens where they are special, else user-defined ones, as
 * llama.cpp's converter has it; kinds and scores of all others are the model's.
 */
final class SentencePieceFiles {

  private static final String META_SPACE = "\u2581";
  private static final String PANGU = "PanguTokenizer";
  private static final String LLAMA = "LlamaTokenizer";

  private SentencePieceFiles() {}

  static GgufVocabulary read(Path folder, int size) {
    Path file = folder.resolve("tokenizer.model");
    SentencePieceModel model = model(file);
    if (model.algorithm() != SentencePieceModel.BYTE_PAIRS) {
      throw FormatRefusal.of(
          FormatName.GGUF,
          "the tokenizer " + file,
          "it does not merge byte pairs and llama.cpp would cut texts in another way");
    }
    if (model.pieces().size() > size) {
      throw new BitAtlasException(
          "The tokenizer %s has %d tokens, but the model's embedding has %d rows."
              .formatted(file, model.pieces().size(), size));
    }
    List<Token> tokens = new ArrayList<>();
    for (Piece piece : model.pieces()) {
      tokens.add(new Token(piece.text(), piece.score(), TokenKind.of(piece.type())));
    }
    while (tokens.size() < size) {
      tokens.add(Token.padding(tokens.size()));
    }
    TokenizerConfig config = TokenizerConfig.read(folder);
    for (Map.Entry<Integer, Map.Entry<String, Boolean>> added : config.addedTokens().entrySet()) {
      int id = added.getKey();
      String text = added.getValue().getKey();
      if (id < size && tokens.get(id).kind() != TokenKind.UNKNOWN) {
        boolean special = added.getValue().getValue();
        tokens.set(
            id,
            new Token(
                special ? text : text.replace(META_SPACE, " "),
                GgufVocabulary.ADDED_SCORE,
                special ? TokenKind.CONTROL : TokenKind.USER_DEFINED));
      }
    }
    return new GgufVocabulary(
        GgufVocabulary.SENTENCE_PIECE,
        "default",
        List.copyOf(tokens),
        model.addDummyPrefix(),
        List.of(),
        config.specialIds(tokens),
        config.flag("add_bos_token", true),
        config.flag("add_eos_token", false),
        config.template());
  }

  private static SentencePieceModel model(Path file) {
    try {
      return SentencePieceModel.read(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + file + ": " + e + ".", e);
    }
  }

  /** What a user should know of a folder's tokenizer in llama.cpp. */
  static Optional<String> caution(Path folder) {
    Path file = folder.resolve("tokenizer.model");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    SentencePieceModel model = model(file);
    List<String> differences = new ArrayList<>();
    if (model.normalizes()) {
      differences.add("replaces characters by a table (normalization)");
    }
    if (model.removeExtraWhitespaces()) {
      differences.add("removes repeated spaces");
    }
    boolean bytes =
        model.pieces().stream().anyMatch(piece -> piece.type() == SentencePieceModel.Type.BYTE);
    if (!bytes) {
      differences.add("knows no bytes, so that characters outside of it have no token");
    }
    return differences.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "The model's tokenizer %s; llama.cpp's does not handle such text alike."
                .formatted(String.join(" and ", differences)));
  }

  /**
   * Adds {@code tokenizer.model} and what lies around it.
   *
   * @param perStretch whether texts are decoded per stretch between added tokens, as openPangu's
   *     class does
   */
  static void write(
      GgufVocabulary vocabulary, boolean perStretch, SequencedMap<String, byte[]> files) {
    ProtobufWriter proto = new ProtobufWriter();
    List<Token> tokens = vocabulary.tokensWithoutPadding();
    boolean bytes = false;
    int unknown = vocabulary.special().unknown().orElse(0);
    for (int id = 0; id < tokens.size(); id++) {
      Token token = tokens.get(id);
      bytes |= token.kind() == TokenKind.BYTE;
      // A file may call its unknown token a control token; SentencePiece needs exactly one.
      TokenKind kind =
          id == unknown
              ? TokenKind.UNKNOWN
              : token.kind() == TokenKind.UNKNOWN ? TokenKind.CONTROL : token.kind();
      proto.message(
          1,
          new ProtobufWriter()
              .text(1, token.text().replace(" ", META_SPACE))
              .real(2, token.score())
              .integer(3, kind.number()));
    }
    proto.message(
        2,
        new ProtobufWriter()
            .integer(3, SentencePieceModel.BYTE_PAIRS)
            .integer(4, tokens.size())
            .flag(35, bytes)
            .integer(40, unknown)
            .integer(41, vocabulary.special().begin().orElse(-1))
            .integer(42, vocabulary.special().end().orElse(-1))
            .integer(43, vocabulary.special().padding().orElse(-1)));
    proto.message(
        3,
        new ProtobufWriter()
            .text(1, "identity")
            .flag(3, vocabulary.addsSpace())
            .flag(4, false)
            .flag(5, true));
    files.put("tokenizer.model", proto.toByteArray());
    TokenizerConfig.write(vocabulary, perStretch ? PANGU : LLAMA, files);
  }
}
