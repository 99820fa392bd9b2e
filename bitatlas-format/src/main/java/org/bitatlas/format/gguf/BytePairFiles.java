package org.bitatlas.format.gguf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.gguf.GgufVocabulary.Token;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A byte-level {@code tokenizer.json} as a vocabulary, and back. */
final class BytePairFiles {

  private static final String FILE = "tokenizer.json";
  private static final String CLASS = "PreTrainedTokenizerFast";

  private BytePairFiles() {}

  static GgufVocabulary read(Path folder, int size) {
    Path file = folder.resolve(FILE);
    ObjectNode root = JsonFile.read(file);
    JsonNode model = root.path("model");
    boolean byteLevel =
        model.path("type").asString("").equals("BPE")
            && !model.path("byte_fallback").asBoolean(false)
            && !findAll(root.path("decoder"), "ByteLevel").isEmpty();
    if (!byteLevel) {
      throw refused(file, "it is no byte-level BPE; give the model's tokenizer.model as well");
    }
    TokenizerConfig config = TokenizerConfig.read(folder);
    PreTokenizer rule =
        PreTokenizer.matching(expressions(root), config.role("bos_token"))
            .orElseThrow(() ->
                refused(file, "its rule for cutting words is none that llama.cpp has a name for"));
    List<Token> tokens = tokens(file, root, size);
    String tokenizerClass = config.settings().path("tokenizer_class").asString("");
    boolean flagsDecide = tokenizerClass.startsWith("LlamaTokenizer");
    SpecialIds special = config.specialIds(tokens);
    return new GgufVocabulary(
        GgufVocabulary.BYTE_LEVEL,
        rule.label(),
        tokens,
        false,
        merges(file, model),
        special,
        flagsDecide ? config.flag("add_bos_token", true) : begins(root, special.begin(), tokens),
        flagsDecide && config.flag("add_eos_token", false),
        config.template());
  }

  private static FormatRefusal refused(Path file, String reason) {
    return FormatRefusal.of(FormatName.GGUF, "the tokenizer " + file, reason);
  }

  /** All nodes of a type, the given one and those in its lists. */
  private static List<JsonNode> findAll(JsonNode node, String type) {
    List<JsonNode> found = new ArrayList<>();
    if (node.path("type").asString("").equals(type)) {
      found.add(node);
    }
    for (String list : List.of("pretokenizers", "decoders", "processors")) {
      for (JsonNode inner : node.path(list)) {
        found.addAll(findAll(inner, type));
      }
    }
    return found;
  }

  private static List<String> expressions(JsonNode root) {
    return findAll(root.path("pre_tokenizer"), "Split").stream()
        .map(split -> split.path("pattern").path("Regex").asString(""))
        .toList();
  }

  /** Whether the post-processor puts the begin token before a text. */
  private static boolean begins(JsonNode root, Optional<Integer> begin, List<Token> tokens) {
    return findAll(root.path("post_processor"), "TemplateProcessing").stream()
        .map(template -> template.path("single").path(0).path("SpecialToken").path("id"))
        .anyMatch(first ->
            begin.map(id -> tokens.get(id).text().equals(first.asString(""))).orElse(false));
  }

  private static List<Token> tokens(Path file, JsonNode root, int size) {
    List<Token> tokens = new ArrayList<>();
    for (int id = 0; id < size; id++) {
      tokens.add(Token.padding(id));
    }
    for (Map.Entry<String, JsonNode> entry : root.path("model").path("vocab").properties()) {
      int id = id(file, entry.getValue(), size);
      tokens.set(id, new Token(entry.getKey(), 0, TokenKind.NORMAL));
    }
    for (JsonNode added : root.path("added_tokens")) {
      int id = id(file, added.path("id"), size);
      boolean special = added.path("special").asBoolean(false);
      tokens.set(
          id,
          new Token(
              added.path("content").asString(""),
              0,
              special ? TokenKind.CONTROL : TokenKind.USER_DEFINED));
    }
    return List.copyOf(tokens);
  }

  private static int id(Path file, JsonNode node, int size) {
    if (!node.isInt() || node.intValue() < 0 || node.intValue() >= size) {
      throw new BitAtlasException(
          "The tokenizer %s has a token with id %s, but the model's embedding has %d rows."
              .formatted(file, node, size));
    }
    return node.intValue();
  }

  private static List<String> merges(Path file, JsonNode model) {
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : model.path("merges")) {
      String text =
          merge.isArray()
              ? merge.path(0).asString("") + " " + merge.path(1).asString("")
              : merge.asString("");
      if (text.chars().filter(letter -> letter == ' ').count() != 1) {
        throw new BitAtlasException(
            "The tokenizer %s has the merge \"%s\", expected two parts.".formatted(file, text));
      }
      merges.add(text);
    }
    return List.copyOf(merges);
  }

  /**
   * Adds {@code tokenizer.json} and what lies around it.
   *
   * @throws BitAtlasException when the rule for cutting words is not known here
   */
  static void write(GgufVocabulary vocabulary, String source, SequencedMap<String, byte[]> files) {
    PreTokenizer rule =
        PreTokenizer.of(vocabulary.preTokenizer())
            .orElseThrow(() ->
                new BitAtlasException(
                    "%s cuts words by the rule \"%s\", which is not known here; give the folder of the model's tokenizer."
                        .formatted(source, vocabulary.preTokenizer())));
    ObjectNode root = JsonFile.object();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    vocabulary
        .addedIds()
        .forEach(id ->
            added
                .addObject()
                .put("id", id)
                .put("content", vocabulary.tokens().get(id).text())
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", vocabulary.tokens().get(id).kind().isSpecial()));
    if (rule.composes()) {
      root.putObject("normalizer").put("type", "NFC");
    } else {
      root.putNull("normalizer");
    }
    putPreTokenizer(root, rule);
    putPostProcessor(root, vocabulary);
    byteLevel(root.putObject("decoder"), true);
    putModel(root, vocabulary, rule);
    files.put(FILE, JsonFile.content(root));
    TokenizerConfig.write(vocabulary, CLASS, files);
  }

  private static void byteLevel(ObjectNode node, boolean ownRule) {
    node.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", false)
        .put("use_regex", ownRule);
  }

  private static void putPreTokenizer(ObjectNode root, PreTokenizer rule) {
    if (rule.expression().isEmpty()) {
      byteLevel(root.putObject("pre_tokenizer"), true);
      return;
    }
    ArrayNode steps =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", rule.expression());
    split.put("behavior", "Isolated").put("invert", false);
    byteLevel(steps.addObject(), false);
  }

  private static void putPostProcessor(ObjectNode root, GgufVocabulary vocabulary) {
    List<Integer> before =
        vocabulary.addsBegin() ? vocabulary.special().begin().stream().toList() : List.of();
    List<Integer> after =
        vocabulary.addsEnd() ? vocabulary.special().end().stream().toList() : List.of();
    if (before.isEmpty() && after.isEmpty()) {
      byteLevel(root.putObject("post_processor"), false);
      return;
    }
    ObjectNode template = root.putObject("post_processor").put("type", "TemplateProcessing");
    for (String name : List.of("single", "pair")) {
      ArrayNode sequence = template.putArray(name);
      before.forEach(id -> special(sequence, vocabulary, id));
      sequence.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      if (name.equals("pair")) {
        sequence.addObject().putObject("Sequence").put("id", "B").put("type_id", 0);
      }
      after.forEach(id -> special(sequence, vocabulary, id));
    }
    ObjectNode specials = template.putObject("special_tokens");
    for (List<Integer> ids : List.of(before, after)) {
      for (int id : ids) {
        String text = vocabulary.tokens().get(id).text();
        ObjectNode token = specials.putObject(text).put("id", text);
        token.putArray("ids").add(id);
        token.putArray("tokens").add(text);
      }
    }
  }

  private static void special(ArrayNode sequence, GgufVocabulary vocabulary, int id) {
    sequence
        .addObject()
        .putObject("SpecialToken")
        .put("id", vocabulary.tokens().get(id).text())
        .put("type_id", 0);
  }

  private static void putModel(ObjectNode root, GgufVocabulary vocabulary, PreTokenizer rule) {
    ObjectNode model =
        root.putObject("model")
            .put("type", "BPE")
            .put("fuse_unk", false)
            .put("byte_fallback", false)
            .put("ignore_merges", rule.takesWholeWords());
    ObjectNode vocab = model.putObject("vocab");
    for (int id = 0; id < vocabulary.tokens().size(); id++) {
      Token token = vocabulary.tokens().get(id);
      if (token.kind() != TokenKind.UNUSED) {
        vocab.put(token.text(), id);
      }
    }
    ArrayNode merges = model.putArray("merges");
    vocabulary.merges().forEach(merges::add);
  }
}
