package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.bitatlas.tokenizer.ThinkingSplit.Outcome;
import org.junit.jupiter.api.Test;

final class ThinkingSplitTest {

  private static final int OPEN = 19;
  private static final int CLOSE = 20;
  private static final ThinkingProtocol ALWAYS = protocol(false, true);
  private static final ThinkingProtocol TEMPLATE_OPENS = protocol(true, true);
  private static final ThinkingProtocol MAY_THINK = protocol(false, false);

  private static ThinkingProtocol protocol(boolean templateOpens, boolean alwaysSpans) {
    return new ThinkingProtocol(
        Map.of(ThinkingMode.SLOW_THINK, ""),
        OptionalInt.of(OPEN),
        OptionalInt.of(CLOSE),
        templateOpens,
        alwaysSpans);
  }

  private static void check(
      ThinkingSplit split, List<Integer> thinking, List<Integer> answer, Outcome outcome) {
    assertThat(split).isEqualTo(new ThinkingSplit(thinking, answer, outcome));
  }

  @Test
  void closedSpanIsCutAtItsTokens() {
    List<Integer> ids = List.of(OPEN, 1, 2, CLOSE, 3, 4);
    check(ThinkingSplit.of(ids, ALWAYS), List.of(1, 2), List.of(3, 4), Outcome.CLOSED);
  }

  @Test
  void answerFollowsTheLastClose() {
    List<Integer> ids = List.of(OPEN, 1, CLOSE, 2, CLOSE, 3);
    check(ThinkingSplit.of(ids, ALWAYS), List.of(1, CLOSE, 2), List.of(3), Outcome.CLOSED);
  }

  @Test
  void missingOpenIsTolerated() {
    List<Integer> ids = List.of(1, 2, CLOSE, 3);
    check(ThinkingSplit.of(ids, TEMPLATE_OPENS), List.of(1, 2), List.of(3), Outcome.CLOSED);
    check(ThinkingSplit.of(ids, MAY_THINK), List.of(1, 2), List.of(3), Outcome.CLOSED);
  }

  @Test
  void openAfterTheLastCloseBelongsToTheAnswer() {
    List<Integer> ids = List.of(1, CLOSE, 2, OPEN, 3);
    check(ThinkingSplit.of(ids, ALWAYS), List.of(1), List.of(2, OPEN, 3), Outcome.CLOSED);
  }

  @Test
  void unclosedSpanHasNoAnswer() {
    check(
        ThinkingSplit.of(List.of(OPEN, 1, 2), MAY_THINK),
        List.of(1, 2),
        List.of(),
        Outcome.UNCLOSED);
    check(
        ThinkingSplit.of(List.of(1, 2), TEMPLATE_OPENS),
        List.of(1, 2),
        List.of(),
        Outcome.UNCLOSED);
    check(ThinkingSplit.of(List.of(1, 2), ALWAYS), List.of(1, 2), List.of(), Outcome.UNCLOSED);
  }

  @Test
  void replyWithoutSpanIsTheAnswer() {
    check(ThinkingSplit.of(List.of(1, 2), MAY_THINK), List.of(), List.of(1, 2), Outcome.NO_SPAN);
    check(
        ThinkingSplit.of(List.of(1, CLOSE), ThinkingProtocol.none()),
        List.of(),
        List.of(1, CLOSE),
        Outcome.NO_SPAN);
  }

  @Test
  void emptySpanAndEmptyReply() {
    check(ThinkingSplit.of(List.of(OPEN, CLOSE), ALWAYS), List.of(), List.of(), Outcome.CLOSED);
    check(ThinkingSplit.of(List.of(), ALWAYS), List.of(), List.of(), Outcome.UNCLOSED);
    check(ThinkingSplit.of(List.of(), MAY_THINK), List.of(), List.of(), Outcome.NO_SPAN);
  }
}
