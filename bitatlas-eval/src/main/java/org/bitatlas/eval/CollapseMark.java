package org.bitatlas.eval;

import java.util.List;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bitatlas.eval.metric.Repetition;

/** Signs in the record of a reply that its reasoning broke down. */
public final class CollapseMark {
  /** Measure: share of 4-grams that occurred before. */
  public static final String REPEATED = "rep_4";

  /** Measure: 1 when the reply ends in a loop. */
  public static final String LOOP = "tail_loop";

  /** Measure of a reply that ends in a loop: number of tokens before it. */
  public static final String ONSET = "tail_loop_onset";

  /** Measure: 1 when the right answer occurs anywhere in the reply, thinking included. */
  public static final String SEEN = "answer_seen";

  private static final String TRUNCATED = "truncated";
  private static final double MUCH_REPEATED = 0.5;
  private static final String BEFORE_ANSWER = "#### ";
  private static final int LONGEST_ANSWER = 60;

  private CollapseMark() {}

  static void put(SequencedMap<String, Double> measures, List<Integer> ids) {
    OptionalInt period = Repetition.tailLoopPeriod(ids);
    measures.put(REPEATED, Repetition.repeatedShare(ids, 4));
    measures.put(LOOP, period.isPresent() ? 1.0 : 0.0);
    period.ifPresent(found -> measures.put(ONSET, (double) Repetition.tailLoopOnset(ids, found)));
  }

  /**
   * Looks for the right answer in a whole reply, unless it is too long to be written again as it
   * is.
   *
   * @param target the answer, or a solution that ends in {@code #### answer}
   */
  static void putSeen(
      SequencedMap<String, Double> measures, String reply, String target, boolean right) {
    String answer = answer(target);
    if (isTraced(answer)) {
      measures.put(SEEN, right || occurs(reply, answer) ? 1.0 : 0.0);
    }
  }

  private static String answer(String target) {
    int mark = target.lastIndexOf(BEFORE_ANSWER);
    return (mark < 0 ? target : target.substring(mark + BEFORE_ANSWER.length())).strip();
  }

  private static boolean isTraced(String answer) {
    return !answer.isEmpty() && answer.length() <= LONGEST_ANSWER;
  }

  /**
   * Whether an answer stands anywhere in a reply, as {@link #SEEN} says of the right one: with
   * answers of other items, how often that happens by chance.
   *
   * @param target the answer, or a solution that ends in {@code #### answer}
   */
  public static boolean stands(String reply, String target) {
    String answer = answer(target);
    return isTraced(answer) && occurs(reply, answer);
  }

  /** Whether the record is of a reply. */
  public static boolean known(SampleRecord sample) {
    return sample.measures().containsKey(LOOP);
  }

  /** Logic collapse: a loop at the end, or cut off with more than half of its 4-grams repeated. */
  public static boolean collapsed(SampleRecord sample) {
    return sample.measure(LOOP) > 0
        || sample.measure(TRUNCATED) > 0 && sample.measure(REPEATED) > MUCH_REPEATED;
  }

  /** Whether the right answer was looked for in the whole reply. */
  public static boolean traced(SampleRecord sample) {
    return sample.measures().containsKey(SEEN);
  }

  /** The right answer occurs in the reply, but the final answer is wrong or absent. */
  public static boolean lost(SampleRecord sample) {
    return sample.measure(SEEN) > 0 && !sample.correct();
  }

  /**
   * Whether an answer occurs in a text as a word or number of its own: not inside a longer word, a
   * longer number, or after a minus sign.
   */
  static boolean occurs(String text, String answer) {
    if (answer.isEmpty()) {
      return false;
    }
    for (int at = text.indexOf(answer); at >= 0; at = text.indexOf(answer, at + 1)) {
      if (!joined(text, at - 1, -1) && !joined(text, at + answer.length(), 1)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the character beside an answer makes it part of something longer. */
  private static boolean joined(String text, int place, int direction) {
    if (place < 0 || place >= text.length()) {
      return false;
    }
    char beside = text.charAt(place);
    if (beside == '-' && direction < 0) {
      return true;
    }
    int next = place + direction;
    boolean digitBehind = next >= 0 && next < text.length() && Character.isDigit(text.charAt(next));
    return Character.isLetterOrDigit(beside)
        || beside == '_'
        || (beside == '.' || beside == ',') && digitBehind;
  }
}
