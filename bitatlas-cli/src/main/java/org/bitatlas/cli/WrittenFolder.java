package org.bitatlas.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/**
 * The option {@code --output}, or {@code --out} as of {@code quantize}, of the commands that write
 * a checkpoint.
 */
final class WrittenFolder {

  @Option(
      names = {"--output", "--out"},
      paramLabel = "DIR",
      required = true,
      description = "Folder to write; it gets its name when it is complete.")
  Path output = Path.of("");
}
