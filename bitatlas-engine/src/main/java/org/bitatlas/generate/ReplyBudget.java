package org.bitatlas.generate;

import java.util.Optional;
import java.util.OptionalInt;

/** What a reply has used of its budgets, token by token. */
public final class ReplyBudget {

  private enum Part {
    BEFORE_THINKING,
    THINKING,
    ANSWER
  }

  private final int answerBudget;
  private final Optional<ThinkingLimit> limit;
  private Part part;
  private int thinking;
  private int answer;

  /** Budgets of a request, of which nothing is used. */
  public ReplyBudget(GenerationRequest request) {
    answerBudget = request.maxNewTokens();
    limit = request.thinking();
    part =
        limit
            .map(present -> present.open() ? Part.THINKING : Part.BEFORE_THINKING)
            .orElse(Part.ANSWER);
  }

  /** The closing token where it must come next, whatever the model chooses. */
  public OptionalInt forced() {
    return part == Part.THINKING && thinking >= limit.orElseThrow().tokens()
        ? OptionalInt.of(limit.orElseThrow().closeId())
        : OptionalInt.empty();
  }

  /** Books a token of the reply. */
  public void add(int id) {
    if (part == Part.ANSWER) {
      answer++;
      return;
    }
    ThinkingLimit present = limit.orElseThrow();
    if (id == present.closeId()) {
      part = Part.ANSWER;
    } else if (part == Part.THINKING) {
      thinking++;
    } else if (present.openId().isPresent() && id == present.openId().getAsInt()) {
      part = Part.THINKING;
    } else {
      answer++;
    }
  }

  /** Whether no further token may follow. */
  public boolean spent() {
    return part != Part.THINKING && answer >= answerBudget;
  }

  /** What is left of the request when the booked tokens have become part of its prompt. */
  public GenerationRequest rest(GenerationRequest request, int[] prompt) {
    Optional<ThinkingLimit> left =
        switch (part) {
          case BEFORE_THINKING -> limit;
          case THINKING ->
              limit.map(present ->
                  new ThinkingLimit(
                      present.tokens() - thinking, present.openId(), present.closeId(), true));
          case ANSWER -> Optional.empty();
        };
    return new GenerationRequest(
        prompt, answerBudget - answer, request.sampling(), request.stopIds(), left, request.end());
  }
}
