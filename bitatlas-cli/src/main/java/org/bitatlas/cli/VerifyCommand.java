package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.bitatlas.study.report.Verification;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Proves that the report and the records of a study belong together. */
@Command(
    name = "verify",
    description = "Prove that the report and the records of a study belong together.",
    footer = {
      "",
      "Every record is held against its key, its samples and the digest in map.json; map.json,",
      "map.md and map.html are drawn again from the records and compared. What was changed is",
      "named, and the exit code is 1.",
      "Example: bitatlas verify bitatlas-out"
    })
final class VerifyCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "DIR",
      arity = "0..1",
      defaultValue = "bitatlas-out",
      description = "Folder of the study (default: ${DEFAULT-VALUE}).")
  Path folder = Path.of("bitatlas-out");

  @Override
  public Integer call() {
    Verification verification = Verification.of(folder);
    PrintWriter out = spec.commandLine().getOut();
    verification.problems().forEach(problem -> wrapped(problem, out));
    verification.notes().forEach(note -> wrapped("Note: " + note, out));
    wrapped(
        verification.holds()
            ? "%d records and %d files of the report belong together."
                .formatted(verification.records(), verification.files())
            : "%d records and %d files of the report were checked: %d do not belong together."
                .formatted(
                    verification.records(), verification.files(), verification.problems().size()),
        out);
    out.flush();
    return verification.holds() ? Exit.OK : Exit.ERROR;
  }

  private static void wrapped(String text, PrintWriter out) {
    FactSheet.wrapped(text, FactSheet.WIDTH).forEach(out::println);
  }
}
