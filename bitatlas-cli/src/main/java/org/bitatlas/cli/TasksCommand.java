package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.HarnessCatalog;
import org.bitatlas.eval.task.HarnessTask;
import org.bitatlas.eval.task.MultipleChoiceTask;
import org.bitatlas.eval.task.PerplexityTask;
import org.bitatlas.eval.task.ReplyScore;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.eval.task.RollingPerplexityTask;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.eval.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the tasks that can be asked. */
@Command(
    name = "tasks",
    description = "List the tasks: embedded, in a folder, and those built in for public data sets.")
final class TasksCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Mixin SuiteFolder folder;

  @Override
  public Integer call() {
    SuiteCatalog catalog = folder.catalog();
    PrintWriter out = spec.commandLine().getOut();
    row(out, "task", "kind", "items", "shots", "chance", "data");
    for (SuiteCatalog.Entry entry : catalog.asked()) {
      if (entry instanceof SuiteCatalog.Ready ready) {
        Task task = ready.task();
        String items = Integer.toString(ready.suite().items().size());
        row(out, task.name(), kind(task), items, "0", chance(task), task.file());
      }
    }
    for (HarnessTask task : HarnessCatalog.builtIn().tasks()) {
      boolean there = catalog.entry(task.name()) instanceof SuiteCatalog.Described;
      String items =
          task.prompting().data().documents().stream()
              .mapToObj(Integer::toString)
              .findFirst()
              .orElse("");
      String shots = Integer.toString(task.prompting().shots().number());
      String data = task.file() + (there ? ", here" : "");
      row(out, task.name(), kind(task), items, shots, chance(task), data);
    }
    out.flush();
    return Exit.OK;
  }

  private static String kind(Task task) {
    return switch (task) {
      case GenerativeTask _ -> "generative";
      case CodeTask _ -> "code";
      case MultipleChoiceTask _ -> "choices";
      case ReplyTask reply -> reply.score() instanceof ReplyScore.Programs ? "code" : "generative";
      case HarnessTask harness ->
          harness.prompting().form().choices().isEmpty() ? "greedy word" : "choices";
      case PerplexityTask _, RollingPerplexityTask _ -> "perplexity";
    };
  }

  private static String chance(Task task) {
    return switch (task) {
      case GenerativeTask generative -> percent(generative.chance());
      case MultipleChoiceTask choice -> percent(choice.chance());
      case CodeTask _ -> percent(0);
      case HarnessTask harness -> harness.chance();
      case PerplexityTask _, RollingPerplexityTask _ -> "";
    };
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  private static void row(
      PrintWriter out,
      String task,
      String kind,
      String items,
      String shots,
      String chance,
      String data) {
    out.println(
        String.format(
                Locale.ROOT, "%-23s %-12s %6s %5s %-9s %s", task, kind, items, shots, chance, data)
            .stripTrailing());
  }
}
