package org.bitatlas.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tokenizer.AddedTokenSplitter.Segment;

/**
 * Llama 3's {@code tokenizer.model}: byte-level byte-pair encoding over the stretches of a split
 * expression, and 256 special tokens after the vocabulary.
 *
 * <p>Source: meta-llama/llama-models, models/llama3/tokenizer.py. The folder's own {@code
 * added_tokens_decoder} replaces the names of the special tokens where it is given.
 */
final class TiktokenTokenizer implements Tokenizer {

  /**
   * Llama 3's expression. {@code \s} is Unicode white space there, hence the property; Java's
   * {@code UNICODE_CHARACTER_CLASS} would also change other classes. (?iu) folds case as Rust does.
   */
  private static final Pattern SPLIT =
      Pattern.compile(
          "(?iu:'s|'t|'re|'ve|'m|'ll|'d)"
              + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
              + "|\\p{N}{1,3}"
              + "| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+[\\r\\n]*"
              + "|\\p{IsWhite_Space}*[\\r\\n]+"
              + "|\\p{IsWhite_Space}+(?!\\P{IsWhite_Space})"
              + "|\\p{IsWhite_Space}+");

  private static final int SPECIAL_TOKENS = 256;
  private static final String BEGIN = "<|begin_of_text|>";
  private static final List<String> NAMED =
      List.of(
          BEGIN,
          "<|end_of_text|>",
          "<|reserved_special_token_0|>",
          "<|reserved_special_token_1|>",
          "<|finetune_right_pad_id|>",
          "<|step_id|>",
          "<|start_header_id|>",
          "<|end_header_id|>",
          "<|eom_id|>",
          "<|eot_id|>",
          "<|python_tag|>",
          "<|image|>");

  private final BytePairEncoder encoder;
  private final List<String> ordinary;
  private final TokenTable special = new TokenTable();
  private final TokenTable texts = new TokenTable();
  private final AddedTokenSplitter splitter;
  private final OptionalInt beginId;
  private final String digest;

  private TiktokenTokenizer(String name, byte[] file, TokenizerSettings settings) {
    TiktokenVocabulary vocabulary = TiktokenVocabulary.read(name, file);
    encoder = new BytePairEncoder(vocabulary.ranks());
    ordinary = vocabulary.byRank();
    List<AddedToken> added = specialTokens(ordinary.size(), settings);
    splitter = new AddedTokenSplitter(added);
    for (int id = 0; id < ordinary.size(); id++) {
      texts.put(id, Utf8.decode(ordinary.get(id).getBytes(StandardCharsets.ISO_8859_1)));
    }
    for (AddedToken token : added) {
      special.put(token.id(), token.content());
      texts.put(token.id(), token.content());
    }
    beginId =
        settings.addBeginOfSequence().orElse(true)
            ? special.idOf(settings.role("bos_token").orElse(BEGIN))
            : OptionalInt.empty();
    digest = Digests.of("tiktoken", file, settings.canonical());
  }

  /**
   * Loads a tiktoken {@code tokenizer.model} with the settings of its folder.
   *
   * @param name the file, for error messages
   */
  static TiktokenTokenizer load(String name, byte[] file, TokenizerSettings settings) {
    return new TiktokenTokenizer(name, file, settings);
  }

  private static List<AddedToken> specialTokens(int first, TokenizerSettings settings) {
    if (!settings.addedTokens().isEmpty()) {
      return settings.addedTokens();
    }
    List<AddedToken> tokens = new ArrayList<>();
    for (int i = 0; i < SPECIAL_TOKENS; i++) {
      String content =
          i < NAMED.size()
              ? NAMED.get(i)
              : "<|reserved_special_token_" + (i - NAMED.size() + 2) + "|>";
      tokens.add(AddedToken.plain(first + i, content));
    }
    return tokens;
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    IntSequence ids = new IntSequence();
    if (addSpecialTokens) {
      beginId.ifPresent(ids::add);
    }
    for (Segment segment : splitter.split(text)) {
      segment
          .token()
          .ifPresentOrElse(token -> ids.add(token.id()), () -> encodeText(segment.text(), ids));
    }
    return ids.toArray();
  }

  private void encodeText(String text, IntSequence ids) {
    Matcher matcher = SPLIT.matcher(text);
    int end = 0;
    while (matcher.find()) {
      // The alternatives cover every character, so nothing lies between two matches.
      encoder.encode(matcher.group(), ids);
      end = matcher.end();
    }
    if (end < text.length()) {
      encoder.encode(text.substring(end), ids);
    }
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecialTokens) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      if (id >= 0 && id < ordinary.size()) {
        bytes.writeBytes(ordinary.get(id).getBytes(StandardCharsets.ISO_8859_1));
      } else if (special.contains(id) && !skipSpecialTokens) {
        bytes.writeBytes(special.textOf(id).getBytes(StandardCharsets.UTF_8));
      }
    }
    return Utf8.decode(bytes);
  }

  @Override
  public int vocabularySize() {
    return texts.size();
  }

  @Override
  public OptionalInt idOf(String token) {
    return texts.idOf(token);
  }

  @Override
  public String tokenOf(int id) {
    return texts.textOf(id);
  }

  @Override
  public OptionalInt beginOfSequenceId() {
    return beginId;
  }

  @Override
  public String digest() {
    return digest;
  }
}
