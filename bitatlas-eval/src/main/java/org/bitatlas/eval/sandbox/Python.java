package org.bitatlas.eval.sandbox;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A Python interpreter of this machine.
 *
 * @param executable the interpreter itself, not a wrapper
 * @param prefix folder of its installation
 * @param version for example 3.11.7
 */
record Python(Path executable, Path prefix, String version) {

  private static final String DESCRIBE =
      "import sys, platform; print(sys.executable); print(sys.base_prefix); print(platform.python_version())";

  /** The first {@code python3} of the search path that starts and is 3.10 or newer. */
  static Optional<Python> find() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(folder.isEmpty() ? "." : folder, "python3");
      if (Files.isExecutable(candidate)) {
        Optional<Python> found = describe(candidate);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Python> describe(Path candidate) {
    try {
      Process process =
          new ProcessBuilder(candidate.toString(), "-I", "-S", "-c", DESCRIBE)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      List<String> lines =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .toList();
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0 || lines.size() != 3) {
        return Optional.empty();
      }
      String[] numbers = lines.get(2).split("\\.", -1);
      boolean recent = numbers[0].equals("3") && Integer.parseInt(numbers[1]) >= 10;
      return recent
          ? Optional.of(new Python(Path.of(lines.get(0)), Path.of(lines.get(1)), lines.get(2)))
          : Optional.empty();
    } catch (IOException absent) {
      return Optional.empty();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Folders that must be there for it to run. */
  List<String> roots() {
    List<String> roots =
        new ArrayList<>(List.of("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin"));
    if (roots.stream().noneMatch(root -> prefix.startsWith(root))) {
      roots.add(prefix.toString());
    }
    return roots;
  }
}
