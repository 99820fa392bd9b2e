package org.bitatlas.eval.task;

import java.util.List;
import java.util.Locale;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * How well the model predicts whole documents, per word and per byte of the documents as they are
 * written: comparable between tokenizers.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param file data file, JSON Lines, or the name of a {@link org.bitatlas.eval.prompt.TextSet}
 * @param document text of a document over the fields of a record
 * @param cleaning what is done to it before the model sees it; words and bytes are counted before
 * @param window most tokens that are predicted at once
 */
public record RollingPerplexityTask(
    String name,
    String about,
    String file,
    RecordTemplate document,
    TextCleaning cleaning,
    int window)
    implements Task {

  /** The same with windows of another length. */
  public RollingPerplexityTask withWindow(int tokens) {
    return new RollingPerplexityTask(name, about, file, document, cleaning, tokens);
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
    return "word perplexity: exp(NLL of all tokens / words of the documents), rolling windows of "
        + window
        + " tokens with one token of context, as lm-evaluation-harness cuts them, cleaning "
        + cleaning.name().toLowerCase(Locale.ROOT);
  }
}
