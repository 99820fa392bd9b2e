package org.bitatlas.eval;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bitatlas.eval.sandbox.Availability;
import org.bitatlas.eval.sandbox.Limits;
import org.bitatlas.eval.sandbox.ProgramRunner;
import org.bitatlas.eval.sandbox.PythonSandbox;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.LikelihoodTask;
import org.bitatlas.eval.task.MultipleChoiceTask;
import org.bitatlas.eval.task.PerplexityTask;
import org.bitatlas.eval.task.ProgramChecks;
import org.bitatlas.eval.task.ReplyScore;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.eval.task.RollingPerplexityTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.eval.task.Task;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;

/** Asks a model the items of a task and scores the answers. */
public final class TaskRunner {

  /** Raised when the same inputs would give another result. */
  public static final int BEHAVIOUR_VERSION = 2;

  private TaskRunner() {}

  /**
   * Runs one task. The items go to the model in chunks whose sizes are fixed beforehand, so that an
   * early end does not depend on speed. A score or logit that is not finite makes the cell
   * NON_FINITE, without a primary number; it is never compared.
   *
   * @param task the task
   * @param mode thinking mode to ask for; empty for a model without thinking, ignored by perplexity
   * @param suite the data of the task
   * @param model the model
   * @param tokenizer the model's tokenizer, template and thinking protocol
   * @param sampling how tokens are chosen; a random sampling gets its own seed for every item
   * @param options limit, chunk size, collapse rule
   * @param progress called after every finished reply or chunk, possibly from worker threads
   * @throws org.bitatlas.tensor.BitAtlasException when the model does not support the mode or the
   *     data does not belong to the task
   */
  public static TaskResult run(
      Task task,
      Optional<ThinkingMode> mode,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer,
      Sampling sampling,
      RunOptions options,
      Consumer<Progress> progress) {
    TaskResult result = asked(task, mode, suite, model, tokenizer, sampling, options, progress);
    return suite.clusters().isEmpty()
        ? result
        : result.with(
            result.samples().stream()
                .map(sample -> sample.in(suite.cluster(sample.index())))
                .toList());
  }

  private static TaskResult asked(
      Task task,
      Optional<ThinkingMode> mode,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer,
      Sampling sampling,
      RunOptions options,
      Consumer<Progress> progress) {
    return switch (task) {
      case GenerativeTask generative ->
          new ReplyRun<>(
                  new AnswerScoring(generative),
                  reader(tokenizer, mode, sampling, options),
                  ItemSelection.of(task, suite, Item.Question.class, options.limit()),
                  model,
                  options,
                  progress)
              .run();
      case MultipleChoiceTask choice ->
          new MultipleChoiceRun(choice, mode, suite, model, tokenizer, options, progress).run();
      case LikelihoodTask likelihood ->
          new LikelihoodRun(
                  likelihood,
                  ItemSelection.of(task, suite, Item.Likelihood.class, options.limit()),
                  model,
                  tokenizer,
                  options,
                  progress)
              .run();
      case PerplexityTask perplexity ->
          new PerplexityRun(perplexity, suite, model, tokenizer, options, progress).run();
      case RollingPerplexityTask rolling ->
          new RollingPerplexityRun(
                  rolling,
                  ItemSelection.of(task, suite, Item.Document.class, options.limit()),
                  model,
                  tokenizer,
                  options,
                  progress)
              .run();
      case CodeTask code ->
          programs(
              suite,
              code.checks() instanceof ProgramChecks.EvalPlus ? Limits.EVALPLUS : Limits.DEFAULT,
              runner ->
                  new ReplyRun<>(
                          new ProgramScoring(code, runner),
                          reader(tokenizer, mode, sampling, options),
                          ItemSelection.of(task, suite, Item.Program.class, options.limit()),
                          model,
                          options,
                          progress)
                      .run());
      case ReplyTask reply -> {
        ReplyReader reader = reader(tokenizer, mode, sampling, options).withStops(reply.stops());
        yield reply.score() instanceof ReplyScore.Programs programs
            ? programs(
                suite,
                Limits.DEFAULT,
                runner ->
                    new ReplyRun<>(
                            new ProgramScoring(reply, programs, runner),
                            reader,
                            ItemSelection.of(task, suite, Item.Program.class, options.limit()),
                            model,
                            options,
                            progress)
                        .run())
            : new ReplyRun<>(
                    new HarnessScoring(reply),
                    reader,
                    ItemSelection.of(task, suite, Item.Reply.class, options.limit()),
                    model,
                    options,
                    progress)
                .run();
      }
    };
  }

  /** Runs where there is a sandbox. */
  private static TaskResult programs(
      Suite suite, Limits limits, Function<ProgramRunner, TaskResult> run) {
    return switch (Availability.here()) {
      case Availability.Missing missing -> TaskResult.skipped(missing.text(), suite.items().size());
      case Availability.Ready ready -> run.apply(runner(ready.sandbox(), limits));
    };
  }

  private static ReplyReader reader(
      ChatTokenizer tokenizer, Optional<ThinkingMode> mode, Sampling sampling, RunOptions options) {
    Optional<ThinkingLimit> limit =
        options.thinkingTokens().isPresent()
            ? Optional.of(
                ThinkingBudget.limit(tokenizer.thinking(), options.thinkingTokens().getAsInt()))
            : Optional.empty();
    return new ReplyReader(tokenizer, mode, sampling, limit);
  }

  private static ProgramRunner runner(PythonSandbox sandbox, Limits limits) {
    return new ProgramRunner(
        sandbox, limits, Math.max(1, Runtime.getRuntime().availableProcessors()));
  }
}
