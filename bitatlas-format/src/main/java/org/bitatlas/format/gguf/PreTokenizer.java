package org.bitatlas.format.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The rules by which byte-level tokenizers cut a text into words, by llama.cpp's names. */
enum PreTokenizer {
  /** Qwen2 and Qwen2.5. */
  QWEN2("qwen2", Rules.SINGLE_DIGITS, true),
  /** DeepSeek-R1-Distill-Qwen: the same rule. */
  DEEPSEEK_R1_QWEN("deepseek-r1-qwen", Rules.SINGLE_DIGITS, true),
  /** Llama 3. */
  LLAMA3("llama-bpe", Rules.THREE_DIGITS, false),
  /** GPT-2: the rule is the byte-level step's own. */
  GPT2("gpt-2", "", false);

  private static final class Rules {
    private static final String BEFORE_DIGITS =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}";
    private static final String AFTER_DIGITS =
        "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String SINGLE_DIGITS = BEFORE_DIGITS + AFTER_DIGITS;
    static final String THREE_DIGITS = BEFORE_DIGITS + "{1,3}" + AFTER_DIGITS;
  }

  private final String label;
  private final String expression;
  private final boolean composes;

  PreTokenizer(String label, String expression, boolean composes) {
    this.label = label;
    this.expression = expression;
    this.composes = composes;
  }

  /** The name in a file. */
  String label() {
    return label;
  }

  /** The regular expression that matches words; empty for GPT-2's own. */
  String expression() {
    return expression;
  }

  /** Whether texts are normalized to NFC first. */
  boolean composes() {
    return composes;
  }

  /** Whether a word that is a token is taken whole, without its merges. */
  boolean takesWholeWords() {
    return this == LLAMA3;
  }

  /** The rule of a name in a file. */
  static Optional<PreTokenizer> of(String label) {
    return switch (label) {
      case "llama3", "llama-v3" -> Optional.of(LLAMA3);
      case "default" -> Optional.of(GPT2);
      default -> Arrays.stream(values()).filter(rule -> rule.label.equals(label)).findFirst();
    };
  }

  /**
   * The rule with these regular expressions.
   *
   * @param begin the begin token, by which DeepSeek's distilled models are known
   */
  static Optional<PreTokenizer> matching(List<String> expressions, Optional<String> begin) {
    if (expressions.isEmpty()) {
      return Optional.of(GPT2);
    }
    if (expressions.size() > 1) {
      return Optional.empty();
    }
    boolean distilled =
        begin.filter(text -> text.contains("begin\u2581of\u2581sentence")).isPresent();
    return Arrays.stream(values())
        .filter(rule -> rule.expression.equals(expressions.getFirst()))
        .filter(rule -> rule == LLAMA3 || distilled == (rule == DEEPSEEK_R1_QWEN))
        .findFirst();
  }
}
