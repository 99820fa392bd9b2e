package org.bitatlas.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.nano.Nano;
import picocli.CommandLine.Option;

/** The option {@code --suite}: where tasks and their data lie. */
final class SuiteFolder {

  @Option(
      names = "--suite",
      paramLabel = "DIR",
      description =
          "Folder of suites or of public data sets, or nano-large (default: the embedded ones).")
  private Optional<Path> suite = Optional.empty();

  /** The tasks there. */
  SuiteCatalog catalog() {
    Nano nano = ModelReference.nano();
    return SuiteCatalog.load(
        suite.map(nano::suites).orElse(nano.suitesFolder()),
        nano.suitesDescriptor(),
        List.of(nano.shareAlikeFolder()));
  }
}
