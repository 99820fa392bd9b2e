package org.bitatlas.eval.task;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.prompt.Prompting;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * The model writes a reply, as lm-evaluation-harness asks for it: a base model continues plain text
 * with its examples; a model with a chat template gets all of that in one user message, and the
 * start of the answer, where the task has one, behind the template.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param prompting up to the prompt
 * @param stops texts that end the answer; they never end the thinking
 * @param budget most new tokens of a reply without thinking
 * @param thinkingBudget most new tokens of a reply in a thinking mode
 * @param score how the reply is scored
 * @param guessing accuracy of guessing, 0 to 1
 */
public record ReplyTask(
    String name,
    String about,
    Prompting prompting,
    List<String> stops,
    int budget,
    int thinkingBudget,
    ReplyScore score,
    double guessing)
    implements HarnessTask {

  @Override
  public ReplyTask with(String other, Prompting another) {
    return new ReplyTask(other, about, another, stops, budget, thinkingBudget, score, guessing);
  }

  /** Most new tokens of a reply in a mode. */
  public int budget(Optional<ThinkingMode> mode) {
    return mode.isEmpty() || mode.get() == ThinkingMode.NO_THINK ? budget : thinkingBudget;
  }

  @Override
  public String chance() {
    return Math.round(100 * guessing) + " %";
  }

  @Override
  public String definition() {
    return String.format(
        Locale.ROOT,
        "%s; stops %s; at most %d new tokens (%d with thinking); with a chat template all in one"
            + " user message; %s",
        score.describe(),
        stops.stream().map(stop -> stop.replace("\n", "\\n")).toList(),
        budget,
        thinkingBudget,
        prompting.describe());
  }
}
