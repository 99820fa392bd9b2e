package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.eval.ThinkingBudget;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.eval.task.Task;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.study.EndpointQuestion;
import org.bitatlas.study.KernelLines;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks one model the tasks of a suite. */
@Command(
    name = "evaluate",
    description = "Ask one model, float or quantized, the tasks of a suite; greedy decoding.")
final class EvaluateCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Mixin EngineOptions engine;

  @Parameters(paramLabel = "MODEL", arity = "0..1", description = ModelReference.DESCRIPTION)
  Optional<String> given = Optional.empty();

  @Mixin EndpointOptions endpoint;

  @Mixin SuiteOptions suites;

  @Option(
      names = "--mode",
      paramLabel = "M",
      converter = ThinkingModes.class,
      description = "slow_think, auto_think or no_think (default: those of each task).")
  Optional<ThinkingMode> mode = Optional.empty();

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Ask only the first N items of a task.")
  Optional<Integer> limit = Optional.empty();

  @Mixin ThinkingBudgetOption thinkingBudget;

  @Override
  public Integer call() {
    if (limit.isPresent() && limit.get() < 1) {
      throw new UsageException("--limit is " + limit.get() + "; give at least 1.");
    }
    suites.check();
    SuiteCatalog catalog = suites.catalog();
    PrintWriter out = spec.commandLine().getOut();
    if (endpoint.endpoint.isPresent()) {
      return endpoint(catalog, out);
    }
    String model =
        given.orElseThrow(
            () -> new UsageException("evaluate needs a MODEL, or a server with --endpoint."));
    try (LoadedModel loaded = LoadedModel.load(model, engine);
        Interruption interruption = Interruption.listen("Stopping.");
        ProgressLine progress =
            new ProgressLine(spec.commandLine().getErr(), Screen.showsErrors())) {
      refuseUnsupported(model, loaded.tokenizer().thinking());
      out.println("Arithmetic: " + loaded.transformer().execution());
      out.flush();
      for (SuiteCatalog.Entry entry : suites.entries(catalog, loaded.language().contextLength())) {
        switch (entry) {
          case SuiteCatalog.Missing missing ->
              EvaluatedRow.print(out, missing.task().name(), "", "skipped: " + missing.reason());
          case SuiteCatalog.Described described -> {
            SuiteCatalog.Ready ready = described.open();
            ready
                .suite()
                .notes()
                .forEach(note -> EvaluatedRow.print(out, ready.task().name(), "", note));
            run(ready, Optional.empty(), loaded, progress, out);
          }
          case SuiteCatalog.Ready ready -> {
            for (Optional<ThinkingMode> asked :
                modes(ready.task(), loaded.tokenizer().thinking())) {
              run(ready, asked, loaded, progress, out);
            }
          }
        }
      }
      List<String> kernels = KernelLines.of(List.of(), loaded.transformer().kernelUses());
      if (!kernels.isEmpty()) {
        out.println("Kernels:");
        kernels.forEach(line -> out.println("  " + line));
        out.flush();
      }
      return Exit.OK;
    } catch (CancellationException e) {
      return Exit.INTERRUPTED;
    }
  }

  private int endpoint(SuiteCatalog catalog, PrintWriter out) {
    if (suites.hasOwnText()) {
      throw new UsageException(
          "An endpoint is asked for wikitext2, c4 or ptb in windows of 2048 tokens; for another"
              + " text or window write a suite with a suites.yaml.");
    }
    if (thinkingBudget.tokens().isPresent() && endpoint.tokenizer.isEmpty()) {
      throw new UsageException("--thinking-budget counts tokens by id; give --tokenizer with it.");
    }
    EndpointQuestion question =
        new EndpointQuestion(
            endpoint.spec(given),
            endpoint.wanted(given, mode),
            catalog,
            options(EndpointQuestion.CHUNK));
    return new EndpointEvaluation(endpoint, question, out, spec.commandLine().getErr())
        .run(
            suites.entries(catalog, OptionalInt.empty()),
            (entry, thinking) -> {
              refuseUnsupported("behind the endpoint", thinking);
              return modes(entry.task(), thinking);
            });
  }

  private RunOptions options(int chunk) {
    return new RunOptions(
        limit.map(OptionalInt::of).orElse(OptionalInt.empty()),
        chunk,
        Optional.empty(),
        thinkingBudget.tokens());
  }

  private void refuseUnsupported(String model, ThinkingProtocol thinking) {
    thinkingBudget
        .tokens()
        .ifPresent(tokens -> {
          ThinkingLimit _ = ThinkingBudget.limit(thinking, tokens);
        });
    Set<ThinkingMode> supported = thinking.userSuffixes().keySet();
    if (mode.isPresent() && !supported.contains(mode.get())) {
      throw new BitAtlasException(
          "The model %s does not support %s; it supports %s."
              .formatted(
                  model,
                  ThinkingModes.name(mode.get()),
                  supported.isEmpty()
                      ? "no thinking modes, so leave --mode out"
                      : String.join(
                          ", ", supported.stream().sorted().map(ThinkingModes::name).toList())));
    }
  }

  /**
   * The modes to ask a task in: the one asked for, or those of the task that the model supports.
   */
  private List<Optional<ThinkingMode>> modes(Task task, ThinkingProtocol thinking) {
    if (task.modes().isEmpty()) {
      return List.of(Optional.empty());
    }
    if (mode.isPresent()) {
      return List.of(mode);
    }
    Set<ThinkingMode> supported = thinking.userSuffixes().keySet();
    return supported.isEmpty()
        ? List.of(Optional.empty())
        : task.modes().stream().filter(supported::contains).map(Optional::of).toList();
  }

  private void run(
      SuiteCatalog.Ready ready,
      Optional<ThinkingMode> asked,
      LoadedModel loaded,
      ProgressLine progress,
      PrintWriter out) {
    long start = System.nanoTime();
    String name = ready.task().name();
    String modeName = asked.map(ThinkingModes::name).orElse("");
    TaskResult result =
        TaskRunner.run(
            ready.task(),
            asked,
            ready.suite(),
            loaded.language(),
            loaded.tokenizer(),
            new Sampling.Greedy(),
            options(RunOptions.ALL.chunkSize()),
            state ->
                progress.status(
                    "%s %s: %d of %d"
                        .formatted(name, modeName, state.finishedItems(), state.plannedItems())));
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted");
    }
    progress.close();
    long nanos = Math.max(1, System.nanoTime() - start);
    EvaluatedRow.print(out, name, modeName, EvaluatedRow.figure(ready.task(), result, nanos));
    if (ready.task().measure() == Task.Measure.PERPLEXITY) {
      EvaluatedRow.print(out, "", "", ready.task().definition());
    }
  }
}
