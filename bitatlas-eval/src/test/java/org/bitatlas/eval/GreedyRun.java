package org.bitatlas.eval;

import java.util.Optional;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.eval.task.Task;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;

/** A run of a task with greedy decoding that nobody listens to. */
final class GreedyRun {

  private GreedyRun() {}

  static TaskResult run(
      Task task,
      Optional<ThinkingMode> mode,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer,
      RunOptions options) {
    return TaskRunner.run(
        task, mode, suite, model, tokenizer, new Sampling.Greedy(), options, progress -> {});
  }
}
