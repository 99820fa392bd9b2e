package org.bitatlas.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.AddedTokenSplitter.Segment;

/**
 * A SentencePiece model with the behaviour of transformers' slow tokenizer classes around it.
 *
 * <p>Encoding: added tokens are split off first, then each stretch between them is segmented for
 * itself, so the model's dummy prefix (a leading space) is added per stretch. That is {@code
 * PanguTokenizer} and {@code LlamaTokenizer} with {@code legacy: true}. With {@code legacy: false}
 * the prefix is added once before the text.
 *
 * <p>Decoding follows the Python class. {@code PanguTokenizer} decodes each stretch between added
 * tokens for itself, taking the dummy prefix off each. (Its {@code _maybe_add_prefix_space} looks a
 * token text up in a set of ids, so it always adds the space that the last line drops again: the
 * class loses no character.) Other classes take one prefix off the whole text, as the fast Llama
 * tokenizer does. Left out with {@code skipSpecialTokens} are the begin, end, unknown and padding
 * tokens and the additional special tokens; openPangu's {@code [unusedNN]} stay in the text,
 * although the file flags them special. The exception is {@code [unused10]}, its end token.
 */
final class SentencePieceTokenizer implements Tokenizer {

  private static final String META_SPACE = "\u2581";
  private static final String PANGU = "PanguTokenizer";

  private final SentencePieceModel model;
  private final SentencePieceSegmenter segmenter;
  private final AddedTokenSplitter splitter;
  private final Map<Integer, String> addedTexts = new HashMap<>();
  private final Map<String, Integer> addedIds = new HashMap<>();
  private final Set<Integer> skippedIds = new HashSet<>();
  private final boolean decodesPerStretch;
  private final boolean legacy;
  private final boolean addsPrefixSpace;
  private final String unknownToken;
  private final OptionalInt beginId;
  private final OptionalInt endId;
  private final String digest;

  private SentencePieceTokenizer(String name, byte[] bytes, TokenizerSettings settings) {
    String tokenizerClass = settings.tokenizerClass().orElse("LlamaTokenizer");
    model = SentencePieceModel.read(name, bytes);
    decodesPerStretch = tokenizerClass.equals(PANGU);
    legacy = decodesPerStretch || settings.legacy().orElse(true);
    addsPrefixSpace = settings.addPrefixSpace().orElse(true);
    segmenter = new SentencePieceSegmenter(name, bytes, legacy && model.addDummyPrefix());
    List<AddedToken> added = new ArrayList<>(settings.addedTokens());
    unknownToken = settings.role("unk_token").orElse("<unk>");
    String begin = settings.role("bos_token").orElse(model.beginOfSequence());
    String end = settings.role("eos_token").orElse(model.endOfSequence());
    addRoles(added, List.of(unknownToken, begin, end));
    for (AddedToken token : added) {
      addedTexts.put(token.id(), token.content());
      addedIds.put(token.content(), token.id());
    }
    splitter = new AddedTokenSplitter(added);
    beginId = settings.addBeginOfSequence().orElse(true) ? idOf(begin) : OptionalInt.empty();
    endId = settings.addEndOfSequence().orElse(false) ? idOf(end) : OptionalInt.empty();
    Set<String> special = new HashSet<>(settings.allSpecialTokens());
    special.addAll(List.of(unknownToken, begin, end));
    special.forEach(text -> idOf(text).ifPresent(skippedIds::add));
    digest = Digests.of("sentencepiece", bytes, settings.canonical());
  }

  /**
   * Loads {@code tokenizer.model} with the settings of its folder.
   *
   * @param name the file, for error messages
   */
  static SentencePieceTokenizer load(String name, byte[] bytes, TokenizerSettings settings) {
    return new SentencePieceTokenizer(name, bytes, settings);
  }

  private void addRoles(List<AddedToken> added, List<String> texts) {
    for (String text : texts) {
      boolean known = added.stream().anyMatch(token -> token.content().equals(text));
      if (!known && model.idOf(text).isPresent()) {
        added.add(AddedToken.plain(model.idOf(text).getAsInt(), text));
      }
    }
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    IntSequence ids = new IntSequence();
    if (addSpecialTokens) {
      beginId.ifPresent(ids::add);
    }
    if (!text.isEmpty()) {
      encodeText(text, ids);
    }
    if (addSpecialTokens) {
      endId.ifPresent(ids::add);
    }
    return ids.toArray();
  }

  private void encodeText(String text, IntSequence ids) {
    if (legacy) {
      for (Segment segment : splitter.split(text)) {
        segment
            .token()
            .ifPresentOrElse(
                token -> ids.add(token.id()), () -> ids.addAll(segmenter.encode(segment.text())));
      }
      return;
    }
    String spaced = text.replace(META_SPACE, " ");
    List<Segment> segments = splitter.split(addsPrefixSpace ? META_SPACE + spaced : spaced);
    // A prefix that stands alone before an added token is no text.
    boolean prefixAlone =
        addsPrefixSpace
            && segments.size() > 1
            && segments.getFirst().text().equals(META_SPACE)
            && segments.get(1).token().isPresent();
    for (Segment segment : prefixAlone ? segments.subList(1, segments.size()) : segments) {
      segment
          .token()
          .ifPresentOrElse(
              token -> ids.add(token.id()), () -> ids.addAll(encodeStretch(segment.text())));
    }
  }

  /** A stretch of a non-legacy text; its leading space survives where the model strips spaces. */
  private int[] encodeStretch(String text) {
    if (!text.startsWith(META_SPACE) && !text.startsWith(" ")) {
      return segmenter.encode(text);
    }
    int[] whole = segmenter.encode(unknownToken + text);
    int prefix = segmenter.encode(unknownToken).length;
    return IntStream.range(Math.min(prefix, whole.length), whole.length)
        .map(i -> whole[i])
        .toArray();
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecialTokens) {
    StringBuilder text = new StringBuilder();
    List<Integer> stretch = new ArrayList<>();
    for (int id : ids) {
      if (!isKnown(id) || (skipSpecialTokens && skippedIds.contains(id))) {
        continue;
      }
      if (!addedTexts.containsKey(id)) {
        stretch.add(id);
        continue;
      }
      appendStretch(text, stretch);
      text.append(addedTexts.get(id));
    }
    appendStretch(text, stretch);
    return text.toString();
  }

  private void appendStretch(StringBuilder text, List<Integer> stretch) {
    if (stretch.isEmpty()) {
      return;
    }
    String decoded = SentencePieceText.decode(model, stretch);
    boolean prefixKept =
        !decodesPerStretch && !text.isEmpty() && startsWithSpace(stretch) && model.addDummyPrefix();
    text.append(prefixKept ? " " + decoded : decoded);
    stretch.clear();
  }

  private boolean startsWithSpace(List<Integer> stretch) {
    return model.pieces().get(stretch.getFirst()).text().startsWith(META_SPACE);
  }

  @Override
  public int vocabularySize() {
    int highestAdded = addedTexts.keySet().stream().mapToInt(id -> id + 1).max().orElse(0);
    return Math.max(model.pieces().size(), highestAdded);
  }

  @Override
  public OptionalInt idOf(String token) {
    Integer added = addedIds.get(token);
    return added == null ? model.idOf(token) : OptionalInt.of(added);
  }

  @Override
  public String tokenOf(int id) {
    if (!isKnown(id)) {
      throw new BitAtlasException(TokenTable.unknownId(id, vocabularySize()));
    }
    String added = addedTexts.get(id);
    return added == null ? model.pieces().get(id).text() : added;
  }

  @Override
  public OptionalInt beginOfSequenceId() {
    return beginId;
  }

  @Override
  public String digest() {
    return digest;
  }

  private boolean isKnown(int id) {
    return (id >= 0 && id < model.pieces().size()) || addedTexts.containsKey(id);
  }
}
