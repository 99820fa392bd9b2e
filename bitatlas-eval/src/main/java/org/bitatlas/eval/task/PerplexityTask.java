package org.bitatlas.eval.task;

import java.util.List;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * How well the model predicts a text.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param file text file, UTF-8, or the name of a {@link org.bitatlas.eval.prompt.TextSet}
 * @param perplexity the definition of the number
 */
public record PerplexityTask(
    String name, String about, String file, PerplexityDefinition perplexity) implements Task {

  /** The same with windows of another length. */
  public PerplexityTask withWindow(int tokens) {
    return new PerplexityTask(name, about, file, perplexity.withWindow(tokens));
  }

  @Override
  public List<ThinkingMode> modes() {
    return List.of();
  }

  @Override
  public Measure measure() {
    return Measure.PERPLEXITY;
  }

  @Override
  public String definition() {
    return perplexity.describe();
  }
}
