package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Reproduction;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a cell again from its record and compares the two item by item. */
@Command(
    name = "reproduce",
    description = "Run a cell again from its record and compare item by item.",
    footer = {
      "",
      "Exit code 0 when every item came out as it did before, 1 when one did not.",
      "Example: bitatlas reproduce 3f9a01c2 --study bitatlas-out"
    })
final class ReproduceCommand implements Callable<Integer> {
  private static final int SHOWN = 10;

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "RECORD",
      description = "Key of the record, or its first digits (the page shows twelve, map.json all).")
  String record = "";

  @Option(
      names = "--study",
      paramLabel = "DIR",
      defaultValue = "bitatlas-out",
      description = "Folder of the study with the record (default: ${DEFAULT-VALUE}).")
  Path study = Path.of("bitatlas-out");

  @Mixin ThreadsOption threads;

  @Override
  public Integer call() {
    if (!record.matches("[0-9a-f]{6,64}")) {
      throw new UsageException(
          "The record '%s' is no key: give at least six of its digits.".formatted(record));
    }
    if (!Files.isRegularFile(study.resolve(RunStore.FILE))) {
      throw new BitAtlasException(
          "There are no records in %s; give the folder of a study with --study.".formatted(study));
    }
    RunRecord known;
    List<SampleRecord> samples;
    try (RunStore store = RunStore.open(study)) {
      known = store.recordOf(record);
      samples = store.samples(known.key());
    }
    PrintWriter out = spec.commandLine().getOut();
    Reproduction again;
    try (ProgressLine progress =
        new ProgressLine(spec.commandLine().getErr(), Screen.showsErrors())) {
      progress.status("running " + known.recipe() + " on " + known.column().label());
      again =
          Reproduction.run(
              known,
              samples,
              threads.threads(),
              done -> progress.status("%d of %d items".formatted(done, known.plannedItems())));
    }
    print(again, out);
    return again.equal() ? Exit.OK : Exit.ERROR;
  }

  private static void print(Reproduction again, PrintWriter out) {
    RunRecord before = again.before();
    FactSheet sheet =
        new FactSheet()
            .section("Record " + before.key().substring(0, 12))
            .fact(
                "cell", before.model() + ", " + before.recipe() + " on " + before.column().label());
    if (again.changedInputs().isEmpty()) {
      sheet.fact("inputs", "all " + before.inputs().size() + " as they were");
    }
    for (Map.Entry<String, String> input : again.changedInputs().entrySet()) {
      sheet.fact("changed", input.getKey() + " " + input.getValue());
    }
    again.machine().forEach(sheet::fact);
    sheet.fact(
        "state",
        before.state() == again.state()
            ? before.state().toString()
            : "was " + before.state() + ", is " + again.state());
    boolean perplexity = before.metric() == Metric.PERPLEXITY;
    sheet.fact(
        "number",
        Figures.primary(perplexity, before.primary())
            + " then, "
            + Figures.primary(perplexity, again.primary())
            + " now");
    sheet.fact(
        "items",
        "%d of %d the same to the bit".formatted(again.same(), again.items())
            + (again.largest() > 0
                ? String.format(Locale.ROOT, ", numbers of the others within %.1e", again.largest())
                : ""));
    again.different().stream()
        .limit(SHOWN)
        .forEach(item ->
            sheet.fact(
                "item " + item.index(), "was %s; is %s".formatted(item.before(), item.now())));
    if (again.different().size() > SHOWN) {
      sheet.fact("", "and " + (again.different().size() - SHOWN) + " more");
    }
    sheet.fact("result", result(again));
    sheet.print(out);
  }

  private static String result(Reproduction again) {
    if (again.equal()) {
      return again.same() == again.items() ? "equal" : "equal up to rounding";
    }
    return again.different().size() + " of " + again.items() + " items came out differently";
  }
}
