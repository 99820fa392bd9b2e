package org.bitatlas.format.gguf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.bitatlas.format.JsonFile;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What lies around a tokenizer in a Hugging Face folder: {@code tokenizer_config.json}, special ids
 * of {@code config.json} and the chat template.
 *
 * @param settings {@code tokenizer_config.json}
 * @param model {@code config.json}
 * @param template the chat template
 */
record TokenizerConfig(ObjectNode settings, ObjectNode model, Optional<String> template) {

  private static final String FILE = "tokenizer_config.json";
  private static final String TEMPLATE = "chat_template";
  private static final String TEMPLATE_FILE = "chat_template.jinja";

  /** Reads the files of a folder; those that are missing are empty. */
  static TokenizerConfig read(Path folder) {
    ObjectNode settings = readOrEmpty(folder.resolve(FILE));
    return new TokenizerConfig(
        settings, readOrEmpty(folder.resolve("config.json")), template(folder, settings));
  }

  private static ObjectNode readOrEmpty(Path file) {
    return Files.isRegularFile(file) ? JsonFile.read(file) : JsonFile.object();
  }

  private static Optional<String> template(Path folder, ObjectNode settings) {
    Path file = folder.resolve(TEMPLATE_FILE);
    if (Files.isRegularFile(file)) {
      try {
        return Optional.of(Files.readString(file));
      } catch (IOException e) {
        throw new BitAtlasException("Cannot read " + file + ": " + e + ".", e);
      }
    }
    JsonNode node = settings.path(TEMPLATE);
    if (node.isString()) {
      return Optional.of(node.stringValue());
    }
    for (JsonNode named : node) {
      if (named.path("name").asString("").equals("default")) {
        return Optional.of(named.path("template").asString(""));
      }
    }
    return Optional.empty();
  }

  /** A flag of the tokenizer. */
  boolean flag(String name, boolean otherwise) {
    JsonNode value = settings.path(name);
    return value.isBoolean() ? value.booleanValue() : otherwise;
  }

  /** Text of the token with a role, for example {@code bos_token}. */
  Optional<String> role(String role) {
    JsonNode node = settings.path(role);
    JsonNode text = node.isObject() ? node.path("content") : node;
    return text.isString() ? Optional.of(text.stringValue()) : Optional.empty();
  }

  /** Ids of the tokens with a role. */
  SpecialIds specialIds(List<GgufVocabulary.Token> tokens) {
    return new SpecialIds(
        id("bos", tokens), id("eos", tokens), id("unk", tokens), id("pad", tokens));
  }

  /**
   * Id of the token with a role: of the token that the tokenizer names, else the id in {@code
   * config.json}.
   *
   * @param role {@code bos}, {@code eos}, {@code unk} or {@code pad}
   */
  private Optional<Integer> id(String role, List<GgufVocabulary.Token> tokens) {
    Optional<Integer> named =
        role(role + "_token").map(text -> indexOf(tokens, text)).filter(id -> id >= 0);
    if (named.isPresent()) {
      return named;
    }
    JsonNode given = model.path(role + "_token_id");
    JsonNode first = given.isArray() ? given.path(0) : given;
    boolean known = first.isInt() && first.intValue() >= 0 && first.intValue() < tokens.size();
    return known ? Optional.of(first.intValue()) : Optional.empty();
  }

  private static int indexOf(List<GgufVocabulary.Token> tokens, String text) {
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.get(id).text().equals(text)) {
        return id;
      }
    }
    return -1;
  }

  /** The tokens of {@code added_tokens_decoder} by id: whether they are special, by text. */
  Map<Integer, Map.Entry<String, Boolean>> addedTokens() {
    Map<Integer, Map.Entry<String, Boolean>> added = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : settings.path("added_tokens_decoder").properties()) {
      JsonNode token = entry.getValue();
      try {
        added.put(
            Integer.parseInt(entry.getKey()),
            Map.entry(token.path("content").asString(""), token.path("special").asBoolean(false)));
      } catch (NumberFormatException e) {
        throw new BitAtlasException(
            FILE + " names an added token by \"" + entry.getKey() + "\", expected a number.", e);
      }
    }
    return added;
  }

  /** Adds the files around the tokenizer of a vocabulary. */
  static void write(
      GgufVocabulary vocabulary, String tokenizerClass, SequencedMap<String, byte[]> files) {
    ObjectNode settings = JsonFile.object();
    settings
        .put("tokenizer_class", tokenizerClass)
        .put("add_bos_token", vocabulary.addsBegin())
        .put("add_eos_token", vocabulary.addsEnd())
        .put("legacy", true)
        .put("clean_up_tokenization_spaces", false);
    role(settings, "bos_token", vocabulary.special().begin(), vocabulary);
    role(settings, "eos_token", vocabulary.special().end(), vocabulary);
    role(settings, "unk_token", vocabulary.special().unknown(), vocabulary);
    role(settings, "pad_token", vocabulary.special().padding(), vocabulary);
    ObjectNode added = settings.putObject("added_tokens_decoder");
    vocabulary
        .addedIds()
        .forEach(id ->
            added
                .putObject(Integer.toString(id))
                .put("content", vocabulary.tokens().get(id).text())
                .put("lstrip", false)
                .put("normalized", false)
                .put("rstrip", false)
                .put("single_word", false)
                .put("special", vocabulary.tokens().get(id).kind().isSpecial()));
    files.put(FILE, JsonFile.content(settings));
    vocabulary
        .chatTemplate()
        .ifPresent(text -> files.put(TEMPLATE_FILE, text.getBytes(StandardCharsets.UTF_8)));
  }

  private static void role(
      ObjectNode settings, String name, Optional<Integer> id, GgufVocabulary vocabulary) {
    id.ifPresent(token -> settings.put(name, vocabulary.tokens().get(token).text()));
  }
}
