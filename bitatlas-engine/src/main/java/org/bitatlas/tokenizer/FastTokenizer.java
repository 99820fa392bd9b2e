package org.bitatlas.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A {@code tokenizer.json}, run by Hugging Face's own library ({@code tokenizers}, Rust).
 *
 * <p>What is added around the text: the Llama classes rebuild the post-processor from {@code
 * add_bos_token} and {@code add_eos_token}, so for them these flags decide (R1-Distill: {@code
 * <｜begin▁of▁sentence｜>} is added although config.json names another begin token); for every other
 * class the post-processor in the file decides.
 */
final class FastTokenizer implements Tokenizer {

  private static final Cleaner CLEANER = Cleaner.create();

  private final HuggingFaceTokenizer tokenizer;
  private final TokenTable table;
  private final Set<Integer> specialIds;
  private final boolean flagsDecide;
  private final OptionalInt beginId;
  private final OptionalInt endId;
  private final String digest;

  private FastTokenizer(String name, byte[] json, TokenizerSettings settings) {
    JsonNode root = parse(name, json);
    table = table(name, root);
    specialIds = specialIds(root);
    HuggingFaceTokenizer opened = open(name, json);
    CLEANER.register(this, opened::close);
    tokenizer = opened;
    flagsDecide = settings.tokenizerClass().filter(FastTokenizer::isLlama).isPresent();
    if (flagsDecide) {
      beginId = settings.addBeginOfSequence().orElse(true) ? role(settings, "bos_token") : none();
      endId = settings.addEndOfSequence().orElse(false) ? role(settings, "eos_token") : none();
    } else {
      beginId = addedInFront();
      endId = none();
    }
    digest = Digests.of("tokenizer.json", json, settings.canonical());
  }

  /**
   * Loads a {@code tokenizer.json} with the settings of its folder.
   *
   * @param name the file, for error messages
   */
  static FastTokenizer load(String name, byte[] json, TokenizerSettings settings) {
    return new FastTokenizer(name, json, settings);
  }

  private static boolean isLlama(String tokenizerClass) {
    return tokenizerClass.equals("LlamaTokenizer") || tokenizerClass.equals("LlamaTokenizerFast");
  }

  private static HuggingFaceTokenizer open(String name, byte[] json) {
    NativeTokenizers.prepare();
    // By default the binding cuts texts at 512 tokens.
    Map<String, String> options = Map.of("truncation", "false", "padding", "false");
    try {
      HuggingFaceTokenizer opened =
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options);
      return opened;
    } catch (IOException | RuntimeException e) {
      throw new BitAtlasException(
          name + " is not a usable Hugging Face tokenizer: " + e.getMessage() + ".", e);
    }
  }

  private static JsonNode parse(String name, byte[] json) {
    JsonNode root;
    try {
      root = JsonMapper.builder().build().readTree(json);
    } catch (JacksonException e) {
      throw new BitAtlasException(name + " is not valid JSON: " + e.getOriginalMessage() + ".", e);
    }
    if (!root.path("model").isObject()) {
      throw new BitAtlasException(name + " is not a Hugging Face tokenizer: it has no \"model\".");
    }
    return root;
  }

  private static TokenTable table(String name, JsonNode root) {
    TokenTable table = new TokenTable();
    JsonNode vocabulary = root.path("model").path("vocab");
    if (vocabulary.isArray()) {
      int id = 0;
      for (JsonNode entry : vocabulary) {
        table.put(id++, entry.path(0).asString(""));
      }
    } else {
      for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
        table.put(id(name, entry.getValue()), entry.getKey());
      }
    }
    for (JsonNode added : root.path("added_tokens")) {
      table.put(id(name, added.path("id")), added.path("content").asString(""));
    }
    return table;
  }

  private static int id(String name, JsonNode node) {
    if (!node.isInt() || node.intValue() < 0) {
      throw new BitAtlasException(
          name + " is not a usable Hugging Face tokenizer: a token has the id " + node + ".");
    }
    return node.intValue();
  }

  private static Set<Integer> specialIds(JsonNode root) {
    Set<Integer> ids = new HashSet<>();
    for (JsonNode added : root.path("added_tokens")) {
      if (added.path("special").asBoolean(false)) {
        ids.add(added.path("id").asInt());
      }
    }
    return ids;
  }

  private OptionalInt role(TokenizerSettings settings, String role) {
    return settings.role(role).map(table::idOf).orElseGet(OptionalInt::empty);
  }

  private static OptionalInt none() {
    return OptionalInt.empty();
  }

  /** The id that the post-processor puts before a text. */
  private OptionalInt addedInFront() {
    long[] bare = run("a", false);
    long[] framed = run("a", true);
    boolean added = framed.length > bare.length && (bare.length == 0 || framed[0] != bare[0]);
    return added ? OptionalInt.of((int) framed[0]) : OptionalInt.empty();
  }

  private long[] run(String text, boolean addSpecialTokens) {
    try {
      return tokenizer.encode(text, addSpecialTokens, false).getIds();
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    IntSequence ids = new IntSequence();
    boolean byFlags = addSpecialTokens && flagsDecide;
    if (byFlags) {
      beginId.ifPresent(ids::add);
    }
    for (long id : run(text, addSpecialTokens && !flagsDecide)) {
      ids.add((int) id);
    }
    if (byFlags) {
      endId.ifPresent(ids::add);
    }
    return ids.toArray();
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecialTokens) {
    long[] kept =
        ids.stream()
            .filter(table::contains)
            .filter(id -> !skipSpecialTokens || !specialIds.contains(id))
            .mapToLong(Integer::longValue)
            .toArray();
    if (kept.length == 0) {
      return "";
    }
    try {
      return tokenizer.decode(kept, false);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public int vocabularySize() {
    return table.size();
  }

  @Override
  public OptionalInt idOf(String token) {
    return table.idOf(token);
  }

  @Override
  public String tokenOf(int id) {
    return table.textOf(id);
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
