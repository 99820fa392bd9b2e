package org.bitatlas.tokenizer;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/** Loads everything text about a model folder. */
public final class ChatTokenizers {

  private static final String JSON = "tokenizer.json";
  private static final String MODEL = "tokenizer.model";
  private static final String GENERATION = "generation_config.json";

  private ChatTokenizers() {}

  /**
   * Loads tokenizer, chat template, thinking protocol and stop ids of a model folder.
   *
   * <p>{@code tokenizer.json} is preferred where the folder has one, then {@code tokenizer.model}
   * (SentencePiece or tiktoken, told apart by content). The first load unpacks a native library
   * into DJL's cache; nothing is downloaded.
   *
   * @param folder a Hugging Face model folder
   * @throws BitAtlasException when a file is missing or malformed; the message names it
   */
  public static ChatTokenizer load(Path folder) {
    ModelFolder files = ModelFolder.open(folder);
    TokenizerSettings settings = TokenizerSettings.read(files);
    Tokenizer tokenizer = tokenizer(files, settings);
    Optional<ChatTemplate> template = ChatTemplates.find(files, settings);
    String generationPrompt = template.map(ChatTemplates::generationPrompt).orElse("");
    return new ChatTokenizer(
        tokenizer,
        template,
        ThinkingProtocols.of(files, tokenizer, generationPrompt),
        stopIds(files, settings, tokenizer),
        sampling(files));
  }

  private static Tokenizer tokenizer(ModelFolder files, TokenizerSettings settings) {
    if (files.has(JSON)) {
      return FastTokenizer.load(files.path().resolve(JSON).toString(), files.bytes(JSON), settings);
    }
    if (!files.has(MODEL)) {
      throw new BitAtlasException(
          "The folder "
              + files.path()
              + " has no tokenizer: expected "
              + JSON
              + " or "
              + MODEL
              + ".");
    }
    String name = files.path().resolve(MODEL).toString();
    byte[] bytes = files.bytes(MODEL);
    return TiktokenVocabulary.matches(bytes)
        ? TiktokenTokenizer.load(name, bytes, settings)
        : SentencePieceTokenizer.load(name, bytes, settings);
  }

  /** The eos ids of generation_config.json and config.json, and the tokenizer's end token. */
  private static Set<Integer> stopIds(
      ModelFolder files, TokenizerSettings settings, Tokenizer tokenizer) {
    Set<Integer> ids = new TreeSet<>();
    for (String name : List.of(GENERATION, "config.json")) {
      JsonNode eos = files.jsonOrEmpty(name).path("eos_token_id");
      for (JsonNode id : eos.isArray() ? eos : List.of(eos)) {
        if (id.isInt()) {
          ids.add(id.intValue());
        } else if (!id.isMissingNode() && !id.isNull()) {
          throw files.error(name, "eos_token_id must be a number or a list of numbers.");
        }
      }
    }
    settings.role("eos_token").ifPresent(token -> tokenizer.idOf(token).ifPresent(ids::add));
    return ids;
  }

  private static SamplingDefaults sampling(ModelFolder files) {
    JsonNode config = files.jsonOrEmpty(GENERATION);
    Map<String, Double> values = new HashMap<>();
    for (String key : List.of("temperature", "top_p", "top_k")) {
      JsonNode value = config.path(key);
      if (value.isNumber()) {
        values.put(key, value.doubleValue());
      }
    }
    SamplingDefaults none = SamplingDefaults.GREEDY;
    double topK = values.getOrDefault("top_k", (double) none.topK());
    return new SamplingDefaults(
        config.path("do_sample").asBoolean(false),
        values.getOrDefault("temperature", none.temperature()),
        (int) topK,
        values.getOrDefault("top_p", none.topP()));
  }
}
