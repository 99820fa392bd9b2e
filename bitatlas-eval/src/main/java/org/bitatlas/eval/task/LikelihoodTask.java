package org.bitatlas.eval.task;

import java.util.Arrays;
import java.util.List;
import org.bitatlas.eval.prompt.PromptForm;
import org.bitatlas.eval.prompt.Prompting;

/**
 * The model never writes: given texts are scored as continuations of the prompt, as plain text,
 * without chat template, as lm-evaluation-harness does it. Where the task has choices, the one with
 * the highest summed log-probability is the answer; where it has none, an item is right when greedy
 * decoding gives its text (LAMBADA).
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param prompting up to the prompt
 * @param primary the metric that decides whether an item is right
 * @param floor what a model that knows nothing reaches
 */
public record LikelihoodTask(
    String name, String about, Prompting prompting, Primary primary, Floor floor)
    implements HarnessTask {

  /** Which choice counts as the answer. */
  public enum Primary {
    /** The one with the highest sum. */
    ACC,
    /** The one with the highest sum per code point. */
    ACC_NORM
  }

  /** What a model that knows nothing reaches. */
  public enum Floor {
    /** The mean over the items of one part in the number of choices. */
    CHANCE,
    /** The share of the most frequent right choice, where that is more. */
    MAJORITY
  }

  @Override
  public LikelihoodTask with(String other, Prompting another) {
    return new LikelihoodTask(other, about, another, primary, floor);
  }

  @Override
  public String chance() {
    if (prompting.form().choices().isEmpty()) {
      return "0 %";
    }
    if (floor == Floor.MAJORITY) {
      return "majority";
    }
    return prompting.form().choices().orElseThrow() instanceof PromptForm.Choices.Fixed fixed
        ? "1/" + fixed.texts().size()
        : "1/choices";
  }

  @Override
  public String definition() {
    return (prompting.form().choices().isEmpty()
            ? "every token of the text is the most probable one"
            : primary == Primary.ACC
                ? "choice with the highest summed log-probability"
                : "choice with the highest summed log-probability per code point")
        + "; "
        + prompting.describe();
  }

  /** {@link #floor(List)} of the items of this task's data. */
  public double floor(Suite suite) {
    return floor(suite.items().stream().map(Item.Likelihood.class::cast).toList());
  }

  /**
   * What a model that knows nothing reaches on these items, 0 to 1; 0 where a text has to be
   * predicted.
   */
  public double floor(List<Item.Likelihood> items) {
    if (items.isEmpty() || items.getFirst().choices().isEmpty()) {
      return 0;
    }
    double chance =
        items.stream().mapToDouble(item -> 1.0 / item.choices().size()).average().orElseThrow();
    return floor == Floor.CHANCE ? chance : Math.max(chance, majority(items));
  }

  private static double majority(List<Item.Likelihood> items) {
    int[] counts = new int[items.stream().mapToInt(Item.Likelihood::gold).max().orElseThrow() + 1];
    items.forEach(item -> counts[item.gold()]++);
    return Arrays.stream(counts).max().orElseThrow() / (double) items.size();
  }
}
