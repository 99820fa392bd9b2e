package org.bitatlas.eval.instruction;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;
import org.bitatlas.eval.metric.Whitespace;

/**
 * Cuts English text into sentences as nltk's tokenizer does: the decision procedure of Punkt (Kiss
 * and Strunk, 2006, section 4) at every full stop, question mark and exclamation mark, with {@link
 * EnglishWords} in place of the parameters that nltk learnt from newspaper text.
 */
final class EnglishSentences {

  private static final String NOT_SPACE = "[^\\s\\x1c-\\x1f]";
  private static final String NOT_IN_WORDS = "[)\";}\\]*:@'({\\[‘’“”«»?!]";
  private static final String SEVERAL =
      "(?:-{2,}|\\.{2,}|(?:\\.%s){2,}\\.)".formatted(PythonText.SPACE);

  private static final Pattern END =
      PythonText.pattern(
          "[.?!](?=(?<after>%s|%s+(?<next>%s+)))"
              .formatted(NOT_IN_WORDS, PythonText.SPACE, NOT_SPACE));
  private static final Pattern TOKEN =
      PythonText.pattern(
          "%1$s|(?=[^(\"`{\\[:;&#*@)}\\]\\-,])%2$s+?(?=%3$s|$|%4$s|%1$s|,(?=$|%3$s|%4$s|%1$s))|%2$s"
              .formatted(SEVERAL, NOT_SPACE, PythonText.SPACE, NOT_IN_WORDS));
  private static final Pattern CLOSING =
      PythonText.pattern(
          "[\"')\\]}‘’“”«»]+?(?:%s+|(?=--)|$)".formatted(PythonText.SPACE), Pattern.MULTILINE);

  private EnglishSentences() {}

  /** A place in the text: from inclusive, to exclusive. */
  private record Span(int from, int to) {

    String of(String text) {
      return text.substring(from, Math.max(from, to));
    }
  }

  /**
   * A mark that may end a sentence.
   *
   * @param word start of the word before it
   * @param at its place
   * @param after what follows it, up to the end of the next word
   * @param next start of the next word, when whitespace stands before that
   */
  private record Candidate(int word, int at, String after, Optional<Integer> next) {

    int end() {
      return at + 1;
    }

    String context(String text) {
      return text.substring(word, end()) + after;
    }
  }

  /** The sentences without the whitespace between them. */
  static List<String> of(String text) {
    List<Span> spans = new ArrayList<>();
    int start = 0;
    for (Candidate candidate : candidates(text)) {
      if (breaks(candidate.context(text))) {
        spans.add(new Span(start, candidate.end()));
        start = candidate.next().orElse(candidate.end());
      }
    }
    spans.add(new Span(start, Whitespace.stripTrailing(text).length()));
    return withClosing(text, spans).stream().map(span -> span.of(text)).toList();
  }

  /** The marks; of several at one word the last one. */
  private static List<Candidate> candidates(String text) {
    List<Candidate> candidates = new ArrayList<>();
    Optional<Candidate> before = Optional.empty();
    Matcher matcher = END.matcher(text);
    while (matcher.find()) {
      int word = word(text, before, matcher.start());
      if (before.isPresent() && before.get().at() <= word) {
        candidates.add(before.get());
      }
      Optional<Integer> next =
          matcher.group("next") == null ? Optional.empty() : Optional.of(matcher.start("next"));
      before = Optional.of(new Candidate(word, matcher.start(), matcher.group("after"), next));
    }
    before.ifPresent(candidates::add);
    return candidates;
  }

  private static int word(String text, Optional<Candidate> before, int at) {
    int from = before.map(Candidate::at).orElse(0);
    // Whitespace at the very start of the stretch does not count, as in nltk.
    for (int i = at - 1; i > from; i--) {
      if (" \t\n\r\u000b\f".indexOf(text.charAt(i)) >= 0) {
        return i + 1;
      }
    }
    return before.map(Candidate::word).orElse(0);
  }

  private static boolean breaks(String context) {
    List<EnglishWord> words = new ArrayList<>();
    for (String line : context.split("\n", -1)) {
      Matcher matcher = TOKEN.matcher(line);
      while (matcher.find()) {
        words.add(new EnglishWord(matcher.group()));
      }
    }
    for (int i = 0; i + 1 < words.size(); i++) {
      if (words.get(i).endsSentenceBefore(words.get(i + 1))) {
        return true;
      }
    }
    return false;
  }

  /** Closing quotes and brackets belong to the sentence before them. */
  private static List<Span> withClosing(String text, List<Span> spans) {
    List<Span> sentences = new ArrayList<>();
    int moved = 0;
    for (int i = 0; i < spans.size(); i++) {
      Span span = new Span(spans.get(i).from() + moved, spans.get(i).to());
      moved = 0;
      if (i + 1 < spans.size()) {
        Span next = spans.get(i + 1);
        Matcher closing = CLOSING.matcher(next.of(text));
        if (closing.lookingAt()) {
          moved = closing.end();
          int length = Whitespace.stripTrailing(closing.group()).length();
          sentences.add(new Span(span.from(), next.from() + length));
          continue;
        }
      }
      if (span.from() < span.to()) {
        sentences.add(span);
      }
    }
    return sentences;
  }
}
