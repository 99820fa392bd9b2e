package org.bitatlas.eval.metric;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Exact match and F1 of DROP (Dua et al., 2019), in the variant of lm-evaluation-harness: numbers
 * are written as floats before articles are taken out, the reply is one span, and F1 is rounded to
 * two places.
 *
 * @param exactMatch 1 or 0
 * @param f1 0 to 1
 */
public record DropScore(double exactMatch, double f1) {

  private static final Pattern CUT = Pattern.compile("[ -]");
  private static final Pattern ARTICLE =
      PythonText.pattern("%1$s(?:a|an|the)%1$s".formatted(PythonText.BOUNDARY));
  private static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

  /**
   * The best scores of a reply over the accepted answers.
   *
   * @param reply the reply
   * @param answers accepted answers, each one or more spans; one whose first span is blank never
   *     counts
   */
  public static DropScore of(String reply, List<List<String>> answers) {
    double exactMatch = 0;
    double f1 = 0;
    for (List<String> spans : answers) {
      if (!Whitespace.strip(spans.getFirst()).isEmpty()) {
        DropScore score = ofSpans(reply, normalized(spans));
        exactMatch = Math.max(exactMatch, score.exactMatch());
        f1 = Math.max(f1, score.f1());
      }
    }
    return new DropScore(exactMatch, f1);
  }

  private static List<String> normalized(List<String> spans) {
    List<String> normalized = new ArrayList<>();
    spans.forEach(span -> normalized.add(normalized(span)));
    return normalized;
  }

  // One span against several: the best pair is the alignment, all other spans count as 0.
  private static DropScore ofSpans(String reply, List<String> spans) {
    String said = normalized(reply);
    boolean same = spans.size() == 1 && spans.getFirst().equals(said);
    Set<String> saidWords = new HashSet<>(PythonText.words(said));
    double best = 0;
    for (String span : spans) {
      Set<String> words = new HashSet<>(PythonText.words(span));
      if (numbersAgree(words, saidWords)) {
        best = Math.max(best, f1(words, saidWords));
      }
    }
    double mean = best / spans.size();
    return new DropScore(same ? 1 : 0, Math.rint(mean * 100) / 100);
  }

  private static double f1(Set<String> words, Set<String> said) {
    double common = words.stream().filter(said::contains).count();
    double precision = said.isEmpty() ? 1 : common / said.size();
    double recall = words.isEmpty() ? 1 : common / words.size();
    return precision == 0 && recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
  }

  private static boolean numbersAgree(Set<String> words, Set<String> said) {
    List<String> numbers = words.stream().filter(word -> number(word).isPresent()).toList();
    return numbers.isEmpty() || numbers.stream().anyMatch(said::contains);
  }

  /** A span in the form in which spans are compared. */
  static String normalized(String span) {
    List<String> words = new ArrayList<>();
    for (String token : CUT.split(PythonText.lower(span), -1)) {
      String word = withoutPunctuation(token);
      word = number(word).map(PythonFloat::text).orElse(word);
      word = String.join(" ", PythonText.words(ARTICLE.matcher(word).replaceAll(" ")));
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return String.join(" ", words);
  }

  private static String withoutPunctuation(String token) {
    if (number(token).isPresent()) {
      return token;
    }
    StringBuilder kept = new StringBuilder();
    token.chars().filter(c -> PUNCTUATION.indexOf(c) < 0).forEach(c -> kept.append((char) c));
    return kept.toString();
  }

  private static Optional<Double> number(String text) {
    return PythonFloat.of(text);
  }
}
