package org.bitatlas.eval.instruction;

import org.bitatlas.eval.metric.PythonText;

/** Instructions about capital and small letters and the language of a reply. */
final class CaseInstructions {

  private static final String ENGLISH = "en";

  private CaseInstructions() {}

  /** So many words in capital letters, as {@link EnglishTokens} cuts them. */
  static Instruction capitalWords(Arguments arguments) {
    int number = arguments.number("capital_frequency");
    Relation relation = Relation.of(arguments, "capital_relation");
    return reply ->
        relation.holds(
            Math.toIntExact(EnglishTokens.of(reply).stream().filter(PythonText::isUpper).count()),
            number);
  }

  /** English, in capital letters only. */
  static Instruction englishCapital() {
    return reply -> PythonText.isUpper(reply) && isIn(reply, ENGLISH);
  }

  /** English, in small letters only. */
  static Instruction englishLowercase() {
    return reply -> PythonText.isLower(reply) && isIn(reply, ENGLISH);
  }

  /** All of it in one language. */
  static Instruction language(Arguments arguments) {
    String language = arguments.text("language");
    if (!ReplyLanguage.codes().contains(language)) {
      throw arguments.error("language", language, "one of " + ReplyLanguage.codes());
    }
    return reply -> isIn(reply, language);
  }

  // A text without any letter that tells languages apart counts as followed, as in the harness.
  private static boolean isIn(String reply, String language) {
    return ReplyLanguage.of(reply).map(language::equals).orElse(true);
  }
}
