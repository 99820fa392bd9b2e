package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.eval.ThinkingBudget;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.prompt.TextSet;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.eval.task.Task;
import org.bitatlas.eval.task.TextTasks;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.nano.Nano;
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

  @Option(
      names = "--suite",
      paramLabel = "DIR",
      description =
          "Folder of suites or of public data sets, or nano-large (default: the embedded ones).")
  Optional<Path> suite = Optional.empty();

  @Option(
      names = "--task",
      paramLabel = "T",
      description = "Only this task (default: all; see tasks).")
  Optional<String> task = Optional.empty();

  @Option(
      names = "--perplexity",
      paramLabel = "TEXT",
      description =
          "Only the perplexity of a text, in windows and rolling: wikitext2, c4 or ptb (from"
              + " --suite), or a file; may be given several times.")
  List<String> perplexity = List.of();

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens of its windows (default: 2048, at most the model's context).")
  Optional<Integer> window = Optional.empty();

  @Option(
      names = "--mode",
      paramLabel = "M",
      converter = ThinkingModes.class,
      description = "slow_think, auto_think or no_think (default: those of each task).")
  Optional<ThinkingMode> mode = Optional.empty();

  @Option(
      names = "--shots",
      paramLabel = "N",
      description =
          "Solved examples in front of each question of a built-in task (default: its own).")
  Optional<Integer> shots = Optional.empty();

  @Option(
      names = "--apply-chat-template",
      description =
          "Ask built-in tasks through the model's chat template: description as system message,"
              + " examples and question as one user message.")
  boolean applyChatTemplate;

  @Option(
      names = "--fewshot-as-multiturn",
      description = "With it, every example is a message of the user and one of the assistant.")
  boolean fewshotAsMultiturn;

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
    if (window.isPresent() && (window.get() < 2 || perplexity.isEmpty())) {
      throw new UsageException("--window needs --perplexity and at least 2 tokens.");
    }
    if (fewshotAsMultiturn && !applyChatTemplate) {
      throw new UsageException("--fewshot-as-multiturn needs --apply-chat-template.");
    }
    if (task.isPresent() && !perplexity.isEmpty()) {
      throw new UsageException("Give either --task or --perplexity.");
    }
    if (shots.isPresent() && shots.get() < 0) {
      throw new UsageException("--shots is " + shots.get() + "; give at least 0.");
    }
    Nano nano = ModelReference.nano();
    SuiteCatalog found =
        SuiteCatalog.load(
            suite.map(nano::suites).orElse(nano.suitesFolder()),
            nano.suitesDescriptor(),
            List.of(nano.shareAlikeFolder()));
    SuiteCatalog catalog = shots.map(found::withShots).orElse(found).withChat(chatForm());
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
      for (SuiteCatalog.Entry entry : entries(catalog, loaded.language().contextLength())) {
        switch (entry) {
          case SuiteCatalog.Missing missing ->
              row(out, missing.task().name(), "", "skipped: " + missing.reason());
          case SuiteCatalog.Described described -> {
            SuiteCatalog.Ready ready = described.open();
            ready.suite().notes().forEach(note -> row(out, ready.task().name(), "", note));
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

  private ChatForm chatForm() {
    if (!applyChatTemplate) {
      return ChatForm.OWN;
    }
    return fewshotAsMultiturn ? ChatForm.TURNS : ChatForm.ONE_TURN;
  }

  private List<SuiteCatalog.Entry> entries(SuiteCatalog catalog, OptionalInt context) {
    if (perplexity.isEmpty()) {
      return task.map(name -> List.of(catalog.entry(name))).orElse(catalog.asked());
    }
    int tokens = window.orElse(Math.min(TextTasks.WINDOW, context.orElse(TextTasks.WINDOW)));
    return perplexity.stream()
        .flatMap(text -> TextTasks.of(catalog, text, tokens).stream())
        .toList();
  }

  private int endpoint(SuiteCatalog catalog, PrintWriter out) {
    if (window.isPresent() || perplexity.stream().anyMatch(text -> TextSet.named(text).isEmpty())) {
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
            entries(catalog, OptionalInt.empty()),
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
    boolean isPerplexity = ready.task().measure() == Task.Measure.PERPLEXITY;
    String figure =
        result.state() == CellState.OK
            ? String.format(
                Locale.ROOT,
                "%9s  of %d items in %s (%s items/s)%s%s",
                Figures.primary(isPerplexity, result.primary()),
                result.samples().size(),
                Amounts.time(Duration.ofNanos(nanos)),
                Figures.rate(1e9 * result.samples().size() / nanos),
                thinkingCut(result),
                besides(result, isPerplexity))
            : result.state().name().toLowerCase(Locale.ROOT) + ": " + result.reason();
    row(out, name, modeName, figure);
    if (isPerplexity) {
      row(out, "", "", ready.task().definition());
    }
  }

  /** What a task without replies has besides its primary number. */
  private static String besides(TaskResult result, boolean isPerplexity) {
    StringBuilder text = new StringBuilder();
    if (result.metrics().containsKey("floor")) {
      for (String name : List.of("acc", "acc_norm", "acc_bytes", "floor")) {
        result
            .metric(name)
            .ifPresent(
                value -> text.append(String.format(Locale.ROOT, ", %s %.2f", name, 100 * value)));
      }
    }
    for (String name :
        isPerplexity ? List.of("byte_perplexity", "bits_per_byte") : List.of("perplexity")) {
      result
          .metric(name)
          .ifPresent(value ->
              text.append(String.format(Locale.ROOT, ", %s %.4f", name.replace('_', ' '), value)));
    }
    return text.toString();
  }

  private static String thinkingCut(TaskResult result) {
    Double cut = result.metrics().get("thinking_cut");
    return cut == null ? "" : String.format(Locale.ROOT, ", thinking cut: %.0f %%", 100 * cut);
  }

  static void row(PrintWriter out, String task, String mode, String figure) {
    String start = String.format(Locale.ROOT, "%-20s %-11s ", task, mode);
    for (String part : FactSheet.wrapped(figure.strip(), FactSheet.WIDTH - start.length())) {
      out.println(start + part);
      start = " ".repeat(start.length());
    }
    out.flush();
  }
}
