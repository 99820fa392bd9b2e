package org.bitatlas.eval.task;

import java.util.List;
import org.bitatlas.tokenizer.ThinkingMode;

/** One task as data: what is asked, of which file, and how the answers are scored. */
public sealed interface Task
    permits GenerativeTask,
        MultipleChoiceTask,
        PerplexityTask,
        RollingPerplexityTask,
        CodeTask,
        HarnessTask {

  /** Name of the task, unique in its catalog. */
  String name();

  /** One sentence for reports. */
  String about();

  /** Name of the data file inside the suite folder. */
  String file();

  /** Thinking modes of a study that names none, in order; empty when the task has no modes. */
  List<ThinkingMode> modes();

  /** What {@code TaskResult.primary} is. */
  Measure measure();

  /** Everything that decides the number, as text to print beside it. */
  String definition();

  /** The quantity a task measures. */
  enum Measure {
    /** Share of correct items, 0 to 1; more is better. */
    ACCURACY,
    /** exp of the mean negative log-likelihood per token or word; less is better. */
    PERPLEXITY
  }
}
