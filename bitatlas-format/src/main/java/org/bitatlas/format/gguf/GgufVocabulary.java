package org.bitatlas.format.gguf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.gguf.GgufValue.Real;
import org.bitatlas.format.gguf.GgufValue.Sequence;
import org.bitatlas.format.gguf.GgufValue.Text;
import org.bitatlas.format.gguf.GgufValue.Whole;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The tokenizer of a GGUF file.
 *
 * @param model {@link #SENTENCE_PIECE} or {@link #BYTE_LEVEL}
 * @param preTokenizer name of the rule by which a byte-level tokenizer cuts a text into words
 * @param tokens the tokens, by id, as many as the embedding has rows
 * @param addsSpace whether a space is put before a text and after a token that is split off
 * @param merges merges of a byte-level tokenizer in order of rank, {@code "a b"}
 * @param special tokens with a role
 * @param addsBegin whether the begin token is put before a text
 * @param addsEnd whether the end token is put after a text
 * @param chatTemplate the chat template, in Jinja
 */
public record GgufVocabulary(
    String model,
    String preTokenizer,
    List<Token> tokens,
    boolean addsSpace,
    List<String> merges,
    SpecialIds special,
    boolean addsBegin,
    boolean addsEnd,
    Optional<String> chatTemplate) {

  /** SentencePiece's byte pairs, as Llama 2 and openPangu use them. */
  static final String SENTENCE_PIECE = "llama";

  /** Byte pairs over bytes, as GPT-2, Qwen and Llama 3 use them. */
  static final String BYTE_LEVEL = "gpt2";

  /** Score of a token that was added to a SentencePiece vocabulary. */
  static final float ADDED_SCORE = -1000;

  static final String KINDS = "tokenizer.ggml.token_type";

  private static final String MODEL = "tokenizer.ggml.model";
  private static final String PRE_TOKENIZER = "tokenizer.ggml.pre";
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String SCORES = "tokenizer.ggml.scores";
  private static final String MERGES = "tokenizer.ggml.merges";
  private static final String ADDS_SPACE = "tokenizer.ggml.add_space_prefix";
  private static final String ADDS_BEGIN = "tokenizer.ggml.add_bos_token";
  private static final String ADDS_END = "tokenizer.ggml.add_eos_token";
  private static final String TEMPLATE = "tokenizer.chat_template";

  /**
   * One token.
   *
   * @param text its text; a byte-level token in GPT-2's printable letters
   * @param score log probability, or minus the rank of its merge
   */
  record Token(String text, float score, TokenKind kind) {

    /** A row of the embedding that no token has. */
    static Token padding(int id) {
      return new Token("[PAD" + id + "]", 0, TokenKind.UNUSED);
    }
  }

  /**
   * The vocabulary of a Hugging Face folder.
   *
   * @param size rows of the embedding; ids without a token are padded
   * @throws BitAtlasException when the folder has no tokenizer, or one that llama.cpp has no like
   *     of
   */
  static GgufVocabulary ofFolder(Path folder, int size) {
    if (Files.isRegularFile(folder.resolve("tokenizer.model"))) {
      return SentencePieceFiles.read(folder, size);
    }
    if (Files.isRegularFile(folder.resolve("tokenizer.json"))) {
      return BytePairFiles.read(folder, size);
    }
    throw FormatRefusal.of(
        FormatName.GGUF,
        "the model " + folder,
        "it has neither tokenizer.model nor tokenizer.json and a GGUF file holds its tokenizer");
  }

  /**
   * The vocabulary of a file.
   *
   * @throws BitAtlasException when the file has none, or one of another kind
   */
  static GgufVocabulary of(GgufMetadata metadata) {
    String model = metadata.findText(MODEL).orElse("no_vocab");
    boolean sentencePiece = model.equals(SENTENCE_PIECE);
    if (!sentencePiece && !model.equals(BYTE_LEVEL)) {
      throw new BitAtlasException(
          "%s holds a tokenizer of kind \"%s\", which cannot be rebuilt; give the folder of the model's tokenizer."
              .formatted(metadata.source(), model));
    }
    List<String> texts = metadata.findTexts(TOKENS).orElse(List.of());
    if (texts.isEmpty()) {
      throw new BitAtlasException(
          "%s holds no tokens (%s); give the folder of the model's tokenizer."
              .formatted(metadata.source(), TOKENS));
    }
    Optional<int[]> kinds = metadata.findIntegers(KINDS);
    Optional<float[]> scores = metadata.findFloats(SCORES);
    requireCount(metadata, KINDS, kinds.map(array -> array.length), texts.size());
    requireCount(metadata, SCORES, scores.map(array -> array.length), texts.size());
    List<Token> tokens = new ArrayList<>();
    for (int id = 0; id < texts.size(); id++) {
      int at = id;
      tokens.add(
          new Token(
              texts.get(id),
              scores.map(array -> array[at]).orElse(0f),
              kinds.map(array -> TokenKind.of(array[at], metadata)).orElse(TokenKind.NORMAL)));
    }
    return new GgufVocabulary(
        model,
        metadata.findText(PRE_TOKENIZER).orElse("default"),
        List.copyOf(tokens),
        metadata.findFlag(ADDS_SPACE).orElse(sentencePiece),
        metadata.findTexts(MERGES).orElse(List.of()),
        SpecialIds.of(metadata, tokens.size()),
        metadata.findFlag(ADDS_BEGIN).orElse(sentencePiece),
        metadata.findFlag(ADDS_END).orElse(false),
        metadata.findText(TEMPLATE));
  }

  private static void requireCount(
      GgufMetadata metadata, String key, Optional<Integer> found, int tokens) {
    if (found.isPresent() && found.get() != tokens) {
      throw metadata.invalid(key, "an array of " + tokens + " values, one for each token", found);
    }
  }

  /** Adds the vocabulary to a file's metadata. */
  void describe(GgufMetadata metadata) {
    metadata.put(MODEL, model).put(PRE_TOKENIZER, preTokenizer);
    metadata.put(TOKENS, sequence(GgufKind.STRING, token -> new Text(token.text())));
    if (model.equals(SENTENCE_PIECE)) {
      metadata.put(
          SCORES, sequence(GgufKind.FLOAT32, token -> new Real(GgufKind.FLOAT32, token.score())));
      metadata.put(ADDS_SPACE, addsSpace);
    }
    metadata.put(
        KINDS, sequence(GgufKind.INT32, token -> new Whole(GgufKind.INT32, token.kind().number())));
    if (!merges.isEmpty()) {
      metadata.put(
          MERGES,
          new Sequence(GgufKind.STRING, merges.stream().<GgufValue>map(Text::new).toList()));
    }
    special.describe(metadata);
    metadata.put(ADDS_BEGIN, addsBegin).put(ADDS_END, addsEnd);
    chatTemplate.ifPresent(template -> metadata.put(TEMPLATE, template));
  }

  private Sequence sequence(GgufKind kind, Function<Token, GgufValue> value) {
    return new Sequence(kind, tokens.stream().map(value).toList());
  }

  /** The tokens without the rows of the embedding at the end that no token has. */
  List<Token> tokensWithoutPadding() {
    int end = tokens.size();
    while (end > 0 && tokens.get(end - 1).kind() == TokenKind.UNUSED) {
      end--;
    }
    return tokens.subList(0, end);
  }

  /**
   * Ids of the tokens that are split off a text before anything else. User-defined pieces of
   * SentencePiece's own are not: they have a score of their own.
   */
  IntStream addedIds() {
    return IntStream.range(0, tokens.size())
        .filter(id -> {
          Token token = tokens.get(id);
          return token.kind().isSpecial()
              || (token.kind() == TokenKind.USER_DEFINED
                  && (model.equals(BYTE_LEVEL) || token.score() == ADDED_SCORE));
        });
  }
}
