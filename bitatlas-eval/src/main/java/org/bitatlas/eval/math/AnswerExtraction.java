package org.bitatlas.eval.math;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.eval.math.Formulas.Formula;
import org.bitatlas.eval.math.MathExpression.FiniteSet;
import org.bitatlas.eval.math.MathExpression.Literal;
import org.bitatlas.eval.math.MathExpression.Percent;

/**
 * Finds the answer in a text, as Math-Verify looks for it: first "final answer is ... I hope", then
 * "final answer ... is" and {@code \boxed}, then "answer:", then "answer", then anything. Within
 * one of these steps the candidate that ends last is tried first; one that cannot be read makes
 * room for the next.
 */
final class AnswerExtraction {

  private static final String NUMBER =
      "(?<!\\d)(?:-?[1-9]\\d{0,2}(?:[ ,]\\d{3})+(?:\\.\\d+)?|-?\\d+[.,]\\d+|\\.\\d+|-?\\d+)";
  private static final String NUMBER_PERCENT = "(?:\\s*(?:%|[Pp]ercent(?:age)?|[Pp]ct))?";
  private static final String OPERATORS = "+\\-*×/^()÷";
  private static final String EXPRESSION =
      "-?\\(?-?\\d[\\d.\\s"
          + OPERATORS
          + "]{0,120}["
          + OPERATORS
          + "][\\d.\\s"
          + OPERATORS
          + "]{1,120}";
  private static final String BEFORE = "(?:^|\\s|=)(?:\\*\\*)?";
  private static final String AFTER = "(?=(?:\\*\\*)?(?:\\.|,|:|\\s|\\)|\\$|$))";
  private static final String PLAIN =
      "(?:"
          + BEFORE
          + "(?<expression>"
          + EXPRESSION
          + ")"
          + AFTER
          + "|"
          + BEFORE
          + "[$€£¥₹]?(?<number>"
          + NUMBER
          + ")(?<percent>"
          + NUMBER_PERCENT
          + "))";

  private static final Pattern PLAIN_VALUE = Pattern.compile(PLAIN);
  private static final Pattern FINAL = Pattern.compile("(?i:final answer)");
  private static final Pattern FINAL_IS =
      Pattern.compile("(?i:final answer).{0,100}?\\s+is:?\\s*", Pattern.DOTALL);
  private static final Pattern HOPE = Pattern.compile("\\.?\\s?I hope");
  private static final Pattern ANSWER = Pattern.compile("(?i:answer)");

  private static final Pattern EQUALS = Pattern.compile("\\s*=");
  private static final Pattern IS_AT_END = Pattern.compile("(?s).*\\bis:?\\s*");
  private static final Pattern BOX = Pattern.compile("\\\\f?boxed\\s*|\\\\fbox\\s*");
  private static final Pattern PERCENT_AFTER_BOX =
      Pattern.compile("\\s*(?:\\$|\\\\\\)|\\\\\\])?\\s*(?:\\\\?%|[Pp]ercent)");
  private static final Pattern SEPARATOR = Pattern.compile("and|or|,|;");

  private static final int NEAR = 50;
  private static final int FINAL_NEAR = 100;
  private static final int JOINED_BOXES = 10;
  private static final int RELATED_BOXES = 70;

  private AnswerExtraction() {}

  /**
   * A place in the text that may hold the answer.
   *
   * @param start where it begins, with the words that announce it
   * @param end where it ends
   * @param latex its formulas; empty for a plain number or expression
   * @param percent whether each is a percentage
   * @param plain the plain number or expression
   */
  private record Candidate(
      int start, int end, List<String> latex, List<Boolean> percent, String plain) {

    static Candidate of(int start, Formula formula) {
      return new Candidate(start, formula.end(), formula.parts(), formula.percent(), "");
    }

    /** The same with the words that announce it. */
    Candidate announcedAt(int newStart) {
      return new Candidate(newStart, end, latex, percent, plain);
    }
  }

  /** The answer of a text. */
  static MathAnswer of(String text) {
    List<Formula> formulas = Formulas.in(text);
    List<Candidate> plain = plain(text);
    // A step is looked at only when those before it had nothing.
    List<Supplier<List<Candidate>>> steps =
        List.of(
            () -> hoped(text, formulas, plain),
            () -> finalOrBoxed(text, formulas, plain),
            () -> after(text, formulas, plain, true),
            () -> after(text, formulas, plain, false),
            () -> anything(formulas, plain));
    String first = "";
    for (Supplier<List<Candidate>> step : steps) {
      List<Candidate> ordered = new ArrayList<>(step.get());
      ordered.sort(
          Comparator.comparingInt((Candidate candidate) -> -candidate.end())
              .thenComparingInt(Candidate::start));
      for (Candidate candidate : ordered) {
        String written = written(candidate);
        first = first.isEmpty() ? written : first;
        Optional<MathExpression> value = value(candidate);
        if (value.isPresent()) {
          return new MathAnswer(value, first);
        }
      }
    }
    return new MathAnswer(Optional.empty(), first);
  }

  private static List<Candidate> plain(String text) {
    List<Candidate> found = new ArrayList<>();
    Matcher matcher = PLAIN_VALUE.matcher(text);
    while (matcher.find()) {
      boolean number = matcher.group("number") != null;
      String value = number ? matcher.group("number") : matcher.group("expression");
      boolean percent = number && !matcher.group("percent").isEmpty();
      found.add(
          new Candidate(
              matcher.start(), matcher.end(), List.of(), List.of(percent), value.strip()));
    }
    return found;
  }

  private static List<Candidate> hoped(String text, List<Formula> formulas, List<Candidate> plain) {
    return finals(text, formulas, plain).stream()
        .filter(candidate -> HOPE.matcher(text).region(candidate.end(), text.length()).lookingAt())
        .toList();
  }

  private static List<Candidate> finals(
      String text, List<Formula> formulas, List<Candidate> plain) {
    List<Candidate> found = new ArrayList<>();
    Matcher matcher = FINAL_IS.matcher(text);
    for (int from = 0; matcher.find(from); from = matcher.start() + 1) {
      int end = matcher.end();
      int start = matcher.start();
      formulas.stream()
          .filter(formula -> formula.start() == end)
          .forEach(formula -> found.add(Candidate.of(start, formula)));
      plain.stream()
          .filter(candidate -> candidate.start() <= end && candidate.end() > end)
          .filter(candidate -> text.substring(candidate.start(), end).isBlank())
          .forEach(candidate -> found.add(candidate.announcedAt(start)));
    }
    return found;
  }

  private static List<Candidate> finalOrBoxed(
      String text, List<Formula> formulas, List<Candidate> plain) {
    List<Candidate> found = new ArrayList<>(finals(text, formulas, plain));
    // Words between "final answer" and "is" may hold the only formula near.
    Matcher matcher = FINAL.matcher(text);
    while (matcher.find()) {
      int from = matcher.end();
      int start = matcher.start();
      formulas.stream()
          .filter(f -> f.start() >= from && f.start() <= from + FINAL_NEAR)
          .filter(f -> IS_AT_END.matcher(text).region(from, f.start()).matches())
          .findFirst()
          .ifPresent(formula -> found.add(Candidate.of(start, formula)));
    }
    boxed(text, formulas).ifPresent(found::add);
    return found;
  }

  /** The last box, with those that belong to it. */
  private static Optional<Candidate> boxed(String text, List<Formula> formulas) {
    List<int[]> boxes = new ArrayList<>();
    Matcher matcher = BOX.matcher(text);
    while (matcher.find()) {
      int open = matcher.end();
      int close =
          open < text.length() && text.charAt(open) == '{' ? LatexText.closing(text, open) : -1;
      boxes.add(new int[] {matcher.start(), open, close});
    }
    if (boxes.isEmpty()) {
      return Optional.empty();
    }
    List<String> contents = new ArrayList<>();
    int end = text.length();
    int before = -1;
    String last = "";
    for (int i = boxes.size() - 1; i >= 0; i--) {
      int[] box = boxes.get(i);
      String content =
          box[2] < 0
              ? text.substring(Math.min(box[1], text.length()))
              : text.substring(box[1] + 1, box[2]);
      if (before >= 0 && !belongs(text, formulas, box, before, content, last)) {
        break;
      }
      if (before < 0) {
        end = box[2] < 0 ? text.length() : box[2] + 1;
      }
      contents.addFirst(content.strip());
      before = box[0];
      last = content;
    }
    boolean percent = PERCENT_AFTER_BOX.matcher(text).region(end, text.length()).lookingAt();
    return Optional.of(
        new Candidate(before, end, List.of(String.join(",", contents)), List.of(percent), ""));
  }

  /** Boxes of one formula, or of formulas joined by "and", belong together; bare ones if near. */
  private static boolean belongs(
      String text,
      List<Formula> formulas,
      int[] box,
      int next,
      String content,
      String nextContent) {
    if (box[2] < 0) {
      return false;
    }
    Optional<Formula> around =
        formulas.stream().filter(f -> f.start() <= next && next < f.end()).findFirst();
    if (around.isPresent()) {
      return around.get().start() <= box[0];
    }
    String between = text.substring(Math.min(box[2] + 1, next), next);
    return between.length() < JOINED_BOXES
        || (!content.equals(nextContent)
            && between.length() < RELATED_BOXES
            && SEPARATOR.matcher(between).find());
  }

  /** What follows the word "answer", with a colon or without. */
  private static List<Candidate> after(
      String text, List<Formula> formulas, List<Candidate> plain, boolean colon) {
    List<Candidate> found = new ArrayList<>();
    Matcher matcher = ANSWER.matcher(text);
    while (matcher.find()) {
      int start = matcher.start();
      int from = matcher.end() + (colon ? 1 : 0);
      if (colon && !text.startsWith(":", matcher.end())) {
        continue;
      }
      formulas.stream()
          .filter(formula -> formula.start() >= from && formula.start() <= from + NEAR)
          .findFirst()
          .ifPresent(formula -> found.add(Candidate.of(start, formula)));
      // Of a chain of equal values the last one counts.
      List<Candidate> near =
          plain.stream()
              .filter(candidate -> candidate.start() >= from - 1)
              .filter(candidate -> candidate.start() <= from + FINAL_NEAR)
              .filter(candidate ->
                  !EQUALS.matcher(text).region(candidate.end(), text.length()).lookingAt())
              .toList();
      near.stream()
          .filter(candidate -> text.startsWith("=", Math.max(0, equalsBefore(text, candidate))))
          .reduce((_, later) -> later)
          .or(() -> near.stream().filter(candidate -> candidate.start() <= from + NEAR).findFirst())
          .ifPresent(candidate -> found.add(candidate.announcedAt(start)));
    }
    return found;
  }

  private static int equalsBefore(String text, Candidate candidate) {
    int at = candidate.start();
    while (at > 0 && Character.isWhitespace(text.charAt(at))) {
      at--;
    }
    return at;
  }

  private static List<Candidate> anything(List<Formula> formulas, List<Candidate> plain) {
    List<Candidate> found = new ArrayList<>(plain);
    formulas.forEach(formula -> found.add(Candidate.of(formula.start(), formula)));
    return found;
  }

  private static String written(Candidate candidate) {
    return candidate.latex().isEmpty()
        ? candidate.plain()
        : LatexText.normal(candidate.latex().getFirst());
  }

  private static Optional<MathExpression> value(Candidate candidate) {
    if (candidate.latex().isEmpty()) {
      return plainValue(candidate);
    }
    List<MathExpression> values = new ArrayList<>();
    for (int i = 0; i < candidate.latex().size(); i++) {
      Optional<MathExpression> value =
          LatexParser.parse(LatexText.normal(candidate.latex().get(i)));
      if (value.isEmpty()) {
        return i == 0 ? Optional.empty() : Optional.of(values.getFirst());
      }
      MathExpression one = candidate.percent().get(i) ? new Percent(value.get()) : value.get();
      if (candidate.latex().size() > 1 && one instanceof FiniteSet set) {
        values.addAll(set.items());
      } else {
        values.add(one);
      }
    }
    return Optional.of(candidate.latex().size() == 1 ? values.getFirst() : new FiniteSet(values));
  }

  private static Optional<MathExpression> plainValue(Candidate candidate) {
    String plain = candidate.plain();
    if (plain.matches(NUMBER)) {
      boolean thousands = plain.matches("-?[1-9]\\d{0,2}(?:[ ,]\\d{3})+(?:\\.\\d+)?");
      String digits = thousands ? plain.replaceAll("[ ,]", "") : plain.replace(',', '.');
      MathExpression number = Literal.of(digits);
      return Optional.of(candidate.percent().getFirst() ? new Percent(number) : number);
    }
    return LatexParser.parse(plain.replace("**", "^").replace('\n', ' '));
  }
}
