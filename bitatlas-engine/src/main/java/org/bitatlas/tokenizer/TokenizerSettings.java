package org.bitatlas.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What tokenizer_config.json (with special_tokens_map.json and added_tokens.json behind it) says.
 *
 * @param tokenizerClass class name of the Python tokenizer, if given
 * @param addBeginOfSequence {@code add_bos_token}, if given
 * @param addEndOfSequence {@code add_eos_token}, if given
 * @param addPrefixSpace {@code add_prefix_space}, if given
 * @param legacy {@code legacy}, if given
 * @param addedTokens added tokens by ascending id
 * @param roles special tokens by role: {@code bos_token}, {@code eos_token}, {@code unk_token},
 *     {@code pad_token} and others
 * @param additionalSpecialTokens {@code additional_special_tokens}
 */
record TokenizerSettings(
    Optional<String> tokenizerClass,
    Optional<Boolean> addBeginOfSequence,
    Optional<Boolean> addEndOfSequence,
    Optional<Boolean> addPrefixSpace,
    Optional<Boolean> legacy,
    List<AddedToken> addedTokens,
    Map<String, String> roles,
    List<String> additionalSpecialTokens) {

  static final String CONFIG = "tokenizer_config.json";
  private static final List<String> ROLES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  static TokenizerSettings read(ModelFolder folder) {
    JsonNode config = folder.jsonOrEmpty(CONFIG);
    JsonNode fallback = folder.jsonOrEmpty("special_tokens_map.json");
    Map<String, String> roles = new HashMap<>();
    for (String role : ROLES) {
      tokenText(config.path(role))
          .or(() -> tokenText(fallback.path(role)))
          .ifPresent(text -> roles.put(role, text));
    }
    List<String> additional = new ArrayList<>();
    JsonNode listed = config.path("additional_special_tokens");
    for (JsonNode node : listed.isArray() ? listed : fallback.path("additional_special_tokens")) {
      tokenText(node).ifPresent(additional::add);
    }
    return new TokenizerSettings(
        config.path("tokenizer_class").isString()
            ? Optional.of(config.path("tokenizer_class").stringValue())
            : Optional.empty(),
        flag(config.path("add_bos_token")),
        flag(config.path("add_eos_token")),
        flag(config.path("add_prefix_space")),
        flag(config.path("legacy")),
        addedTokens(folder, config),
        Map.copyOf(roles),
        List.copyOf(additional));
  }

  /** Text of the token with a role, for example {@code bos_token}. */
  Optional<String> role(String name) {
    return Optional.ofNullable(roles.get(name));
  }

  /** Texts of all special tokens: those with a role and the additional ones. */
  Set<String> allSpecialTokens() {
    Set<String> all = new LinkedHashSet<>(roles.values());
    all.addAll(additionalSpecialTokens);
    return all;
  }

  /** A description of everything in here, the same for equal settings. */
  String canonical() {
    return String.join(
        "|",
        tokenizerClass.orElse(""),
        addBeginOfSequence.toString(),
        addEndOfSequence.toString(),
        addPrefixSpace.toString(),
        legacy.toString(),
        addedTokens.toString(),
        new java.util.TreeMap<>(roles).toString(),
        additionalSpecialTokens.toString());
  }

  private static List<AddedToken> addedTokens(ModelFolder folder, JsonNode config) {
    List<AddedToken> tokens = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      JsonNode token = entry.getValue();
      tokens.add(
          new AddedToken(
              tokenId(folder, CONFIG, entry.getKey()),
              tokenText(token)
                  .orElseThrow(() ->
                      folder.error(CONFIG, "added token " + entry.getKey() + " has no content.")),
              token.path("special").asBoolean(false),
              token.path("single_word").asBoolean(false),
              token.path("lstrip").asBoolean(false),
              token.path("rstrip").asBoolean(false)));
    }
    if (tokens.isEmpty()) {
      String file = "added_tokens.json";
      for (Map.Entry<String, JsonNode> entry : folder.jsonOrEmpty(file).properties()) {
        int id = tokenId(folder, file, entry.getValue().asString(""));
        tokens.add(AddedToken.plain(id, entry.getKey()));
      }
    }
    tokens.sort(Comparator.comparingInt(AddedToken::id));
    return List.copyOf(tokens);
  }

  private static int tokenId(ModelFolder folder, String file, String text) {
    try {
      int id = Integer.parseInt(text);
      if (id >= 0) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw folder.error(file, "token id \"" + text + "\" of an added token is not a number.");
    }
    throw folder.error(file, "token id " + text + " of an added token is negative.");
  }

  private static Optional<String> tokenText(JsonNode node) {
    JsonNode text = node.isObject() ? node.path("content") : node;
    return text.isString() ? Optional.of(text.stringValue()) : Optional.empty();
  }

  private static Optional<Boolean> flag(JsonNode node) {
    if (node.isBoolean()) {
      return Optional.of(node.booleanValue());
    }
    // Some folders write flags as strings; the Python classes read those too.
    if (node.isString()) {
      return switch (node.stringValue().toLowerCase(java.util.Locale.ROOT)) {
        case "true" -> Optional.of(true);
        case "false" -> Optional.of(false);
        default -> Optional.empty();
      };
    }
    return Optional.empty();
  }
}
