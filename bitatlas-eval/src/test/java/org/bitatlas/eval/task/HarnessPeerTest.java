package org.bitatlas.eval.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the pinned lm-evaluation-harness again and holds the golden cases of {@link
 * HarnessTasksTest} against what it gives, byte for byte. Needs {@code
 * -Dbitatlas.peer.lm_eval=PYTHON}, see script/peer/lm_eval.sh.
 */
@Tag("peer")
class HarnessPeerTest {

  private static final Path ROOT = Path.of(System.getProperty("bitatlas.root", ".."));

  @TempDir Path made;

  @ParameterizedTest
  @ValueSource(strings = {"tasks", "chat_tasks"})
  void theHarnessGivesTheGoldenCases(String family) throws IOException, InterruptedException {
    String python = System.getProperty("bitatlas.peer.lm_eval", "");
    Assumptions.assumeFalse(python.isEmpty(), "no -Dbitatlas.peer.lm_eval");
    List<String> command =
        new ArrayList<>(
            List.of(python, ROOT.resolve("script/golden/lm_eval_tasks.py").toString(), "."));
    command.add(made.toString());
    if (family.equals("chat_tasks")) {
      command.add(2, "--chat");
    }
    Path log = made.resolve("log.txt");
    int exit =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    assertThat(exit).as(Files.readString(log)).isZero();

    Path golden = ROOT.resolve("oracles/lm_eval").resolve(family);
    assertThat(names(made)).isEqualTo(names(golden)).isNotEmpty();
    for (String name : names(golden)) {
      assertThat(made.resolve(name)).hasSameBinaryContentAs(golden.resolve(name));
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".json"))
          .sorted()
          .toList();
    }
  }
}
