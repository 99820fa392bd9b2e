package org.bitatlas.study;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bitatlas.eval.sandbox.Availability;
import org.bitatlas.eval.sandbox.PythonSandbox;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.LikelihoodTask;
import org.bitatlas.eval.task.MultipleChoiceTask;
import org.bitatlas.eval.task.PerplexityTask;
import org.bitatlas.eval.task.ReplyScore;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.eval.task.RollingPerplexityTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.eval.task.Task.Measure;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;

/**
 * A task of the suite catalog in one mode.
 *
 * @param task the task
 * @param suite its data; empty for a task that cannot be asked
 * @param mode thinking mode; empty for a model or task without modes
 * @param items items to ask
 * @param limit asks only the first items; empty for all
 * @param skipReason why the task cannot be asked
 */
record EngineTask(
    org.bitatlas.eval.task.Task task,
    Optional<Suite> suite,
    Optional<ThinkingMode> mode,
    int items,
    OptionalInt limit,
    Optional<String> skipReason)
    implements Workbench.Task {

  static EngineTask of(
      StudyTask wanted, SuiteCatalog catalog, OptionalInt limit, ThinkingProtocol thinking) {
    Optional<ThinkingMode> mode =
        wanted.mode().isEmpty()
            ? Optional.empty()
            : Optional.of(ThinkingMode.valueOf(wanted.mode().toUpperCase(Locale.ROOT)));
    return of(catalog.entry(wanted.task()), wanted, mode, limit, thinking);
  }

  private static EngineTask of(
      SuiteCatalog.Entry entry,
      StudyTask wanted,
      Optional<ThinkingMode> mode,
      OptionalInt limit,
      ThinkingProtocol thinking) {
    return switch (entry) {
      case SuiteCatalog.Described described -> of(described.open(), wanted, mode, limit, thinking);
      case SuiteCatalog.Missing missing ->
          new EngineTask(
              missing.task(), Optional.empty(), mode, 0, limit, Optional.of(missing.reason()));
      case SuiteCatalog.Ready ready -> {
        requireMode(wanted, mode, ready.task(), thinking);
        int all =
            ready.task() instanceof PerplexityTask perplexity
                ? perplexity.perplexity().windows().orElse(0)
                : ready.suite().items().size();
        yield new EngineTask(
            ready.task(),
            Optional.of(ready.suite()),
            mode,
            Math.min(all, limit.orElse(all)),
            limit,
            runsPrograms(ready.task()) ? missingSandbox() : Optional.empty());
      }
    };
  }

  private static boolean runsPrograms(org.bitatlas.eval.task.Task task) {
    return task instanceof CodeTask
        || (task instanceof ReplyTask reply && reply.score() instanceof ReplyScore.Programs);
  }

  private static Optional<String> missingSandbox() {
    return Availability.here() instanceof Availability.Missing missing
        ? Optional.of(missing.text())
        : Optional.empty();
  }

  private static void requireMode(
      StudyTask wanted,
      Optional<ThinkingMode> mode,
      org.bitatlas.eval.task.Task task,
      ThinkingProtocol thinking) {
    if (mode.isPresent()
        && (task.measure() == Measure.PERPLEXITY || task instanceof LikelihoodTask)) {
      throw new BitAtlasException(
          "The task "
              + wanted.task()
              + " has no modes, but the study asks for "
              + wanted.mode()
              + ".");
    }
    if (mode.isPresent() && !thinking.userSuffixes().containsKey(mode.get())) {
      throw new BitAtlasException(
          "The model does not support the mode "
              + wanted.mode()
              + " of the task "
              + wanted.task()
              + "; it supports "
              + thinking.userSuffixes().keySet()
              + ".");
    }
  }

  @Override
  public SequencedMap<String, String> inputs() {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put("data", suite.map(Suite::digest).orElse("none"));
    inputs.put("definition", RecordKey.sha256(task.toString()));
    inputs.put("protocol", task.definition());
    suite
        .filter(data -> !data.notes().isEmpty())
        .ifPresent(data -> inputs.put("notes", String.join("; ", data.notes())));
    if (task instanceof GenerativeTask generative) {
      inputs.put("budget", Integer.toString(generative.budget(mode)));
    }
    if (task instanceof CodeTask code) {
      inputs.put("budget", Integer.toString(code.budgets().of(mode)));
      inputs.put("sandbox", "behaviour " + PythonSandbox.BEHAVIOUR_VERSION);
    }
    if (task instanceof ReplyTask reply) {
      inputs.put("budget", Integer.toString(reply.budget(mode)));
      if (runsPrograms(task)) {
        inputs.put("sandbox", "behaviour " + PythonSandbox.BEHAVIOUR_VERSION);
      }
    }
    return inputs;
  }

  @Override
  public Metric metric() {
    return switch (task.measure()) {
      case ACCURACY -> Metric.ACCURACY;
      case PERPLEXITY -> Metric.PERPLEXITY;
    };
  }

  @Override
  public boolean generates() {
    return task instanceof GenerativeTask || task instanceof CodeTask || task instanceof ReplyTask;
  }

  @Override
  public double chance() {
    return switch (task) {
      case GenerativeTask generative -> generative.chance();
      case MultipleChoiceTask choice -> choice.chance();
      case LikelihoodTask likelihood -> suite.map(likelihood::floor).orElse(0.0);
      case ReplyTask reply -> reply.guessing();
      case PerplexityTask _ -> 0;
      case RollingPerplexityTask _ -> 0;
      case CodeTask _ -> 0;
    };
  }
}
