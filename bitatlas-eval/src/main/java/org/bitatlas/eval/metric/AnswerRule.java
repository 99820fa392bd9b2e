package org.bitatlas.eval.metric;

import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import org.bitatlas.eval.math.MathAnswer;

/** How the answer is found in the text after the thinking span. */
public sealed interface AnswerRule {

  /** The answer in {@code text}, or empty when there is none. */
  Optional<String> extract(String text);

  /**
   * What an extracted answer must equal, from the expected answer as the record gives it.
   *
   * @return empty when the record has no answer under this rule
   */
  default Optional<String> expected(String written) {
    return Optional.of(written);
  }

  /**
   * What a reply says.
   *
   * @param answer what was found; empty when there is none
   * @param right whether it is the expected answer
   */
  record Judgement(Optional<String> answer, boolean right) {

    /** Nothing was found. */
    public static final Judgement NONE = new Judgement(Optional.empty(), false);
  }

  /** Finds the answer of a reply and compares it with the expected one. */
  default Judgement judge(String reply, String expected) {
    Optional<String> answer = extract(reply);
    return new Judgement(answer, answer.filter(expected::equals).isPresent());
  }

  /** The rule as text for reports. */
  String describe();

  /**
   * The first match of a regular expression: its first group, or all of it when it has no group.
   * Character classes are Unicode and only {@code \n} ends a line, as in Python. The expected
   * answer is extracted in the same way.
   *
   * @param regex the expression
   */
  record FirstMatch(String regex) implements AnswerRule {

    @Override
    public Optional<String> extract(String text) {
      Matcher matcher = PythonText.pattern(regex).matcher(text);
      if (!matcher.find()) {
        return Optional.empty();
      }
      return Optional.ofNullable(matcher.group(Math.min(1, matcher.groupCount())));
    }

    @Override
    public Optional<String> expected(String written) {
      return extract(written);
    }

    @Override
    public String describe() {
      return "first match of " + regex;
    }
  }

  /**
   * A match of a regular expression, compared after some parts are taken out of both sides, as
   * lm-evaluation-harness's filter {@code regex} and metric {@code exact_match} do. The first group
   * that is not empty counts, or all of the match when there is no group.
   *
   * @param regexes the expressions; the first one that is found counts
   * @param last its last match, in place of its first
   * @param ignored expressions whose matches are taken out of answer and expected answer
   * @param ignoreCase whether capital and small letters are the same
   */
  record Match(List<String> regexes, boolean last, List<String> ignored, boolean ignoreCase)
      implements AnswerRule {

    @Override
    public Optional<String> extract(String text) {
      for (String regex : regexes) {
        Optional<MatchResult> found = Optional.empty();
        Matcher matcher = PythonText.pattern(regex).matcher(text);
        while (matcher.find() && (last || found.isEmpty())) {
          found = Optional.of(matcher.toMatchResult());
        }
        if (found.isPresent()) {
          return found.flatMap(Match::group).map(Whitespace::strip);
        }
      }
      return Optional.empty();
    }

    private static Optional<String> group(MatchResult match) {
      if (match.groupCount() < 2) {
        return Optional.ofNullable(match.group(match.groupCount()));
      }
      for (int i = 1; i <= match.groupCount(); i++) {
        String group = match.group(i);
        if (group != null && !group.isEmpty()) {
          return Optional.of(group);
        }
      }
      return Optional.empty();
    }

    @Override
    public Optional<String> expected(String written) {
      return Optional.of(compared(written));
    }

    @Override
    public Judgement judge(String reply, String expected) {
      Optional<String> answer = extract(reply);
      return new Judgement(
          answer, answer.filter(found -> compared(found).equals(expected)).isPresent());
    }

    private String compared(String text) {
      String compared = text;
      for (String regex : ignored) {
        compared = PythonText.pattern(regex).matcher(compared).replaceAll("");
      }
      return ignoreCase ? PythonText.lower(compared) : compared;
    }

    @Override
    public String describe() {
      return (last ? "last" : "first")
          + " match of "
          + String.join(", or else of ", regexes)
          + (ignored.isEmpty() ? "" : ", without " + ignored)
          + (ignoreCase ? ", in any case" : "");
    }
  }

  /** The whole text without surrounding whitespace; no answer when nothing is left. */
  record WholeText() implements AnswerRule {

    @Override
    public Optional<String> extract(String text) {
      String stripped = Whitespace.strip(text);
      return stripped.isEmpty() ? Optional.empty() : Optional.of(stripped);
    }

    @Override
    public String describe() {
      return "whole text";
    }
  }

  /**
   * The first word: leading whitespace is skipped, then letters, digits and underscores are taken;
   * no answer when the text begins with something else.
   */
  record FirstWord() implements AnswerRule {

    @Override
    public Optional<String> extract(String text) {
      String rest = Whitespace.stripLeading(text);
      int end = 0;
      while (end < rest.length()) {
        int codePoint = rest.codePointAt(end);
        if (!PythonText.isWord(codePoint)) {
          break;
        }
        end += Character.charCount(codePoint);
      }
      return end == 0 ? Optional.empty() : Optional.of(rest.substring(0, end));
    }

    @Override
    public String describe() {
      return "first word";
    }
  }

  /**
   * Mathematics: a boxed or announced formula, compared by value ({@link MathAnswer}). The expected
   * answer is LaTeX.
   */
  record Mathematics() implements AnswerRule {

    @Override
    public Optional<String> extract(String text) {
      return written(MathAnswer.of(text));
    }

    private static Optional<String> written(MathAnswer answer) {
      return answer.found() ? Optional.of(answer.written()) : Optional.empty();
    }

    @Override
    public Optional<String> expected(String written) {
      return MathAnswer.of("$" + written + "$").found() ? Optional.of(written) : Optional.empty();
    }

    @Override
    public Judgement judge(String reply, String expected) {
      MathAnswer answer = MathAnswer.of(reply);
      return new Judgement(written(answer), MathAnswer.of("$" + expected + "$").isGivenBy(answer));
    }

    @Override
    public String describe() {
      return "formula that is boxed or announced as the answer, compared by value";
    }
  }
}
