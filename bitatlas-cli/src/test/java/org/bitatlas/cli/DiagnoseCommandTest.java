package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study of the smaller embedded model with one bad cell, diagnosed. */
class DiagnoseCommandTest extends CommandTest {
  private static final String STUDY =
      """
      name: bad
      models: [nano-small]
      recipes: [float, {method: rtn, bits: 2, a_bits: 4}]
      tasks: [{task: chain_nano, modes: [slow_think]}]
      calibration: {source: nano, samples: 2, length: 32, seed: 0}
      noise_floor: false
      precision: float32
      """;

  private static final String CELL = "nano-small/RTN W2A4/chain_nano/slow_think";

  @TempDir private static Path folder;
  private static String study = "";

  @BeforeAll
  static void study() throws Exception {
    Path spec = Files.writeString(folder.resolve("study.yaml"), STUDY);
    study = folder.resolve("out").toString();
    DiagnoseCommandTest runner = new DiagnoseCommandTest();
    assertThat(
            runner.run("study", spec.toString(), "--limit", "4", "--out", study, "--threads", "1"))
        .as(runner.err)
        .isEqualTo(Exit.OK);
  }

  @Test
  void theRecordsAloneSayWhatBreaksFirstAndWhatToTry() {
    assertThat(run("diagnose", CELL, "--study", study, "--examples", "1"))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(out)
        .startsWith(CELL)
        .containsSubsequence(
            "What breaks first",
            "has the largest output error",
            "4-bit inputs are least stable in layers.",
            "Broken replies leave float's at token ",
            "What to try",
            "Attention against MLP",
            "Worst layers",
            "Least stable inputs",
            "Replies",
            "First divergent token: ",
            "float                                  here",
            "Not measured",
            "--measure");
    assertThat(out.lines()).allMatch(line -> line.length() <= FactSheet.WIDTH);
  }

  @Test
  void runningTheModelMeasuresEveryLayerAloneAndIsKept() {
    assertThat(
            run("diagnose", CELL, "--study", study, "--examples", "1", "--measure", "--threads=1"))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(out)
        .containsPattern("layers\\.\\d+\\.\\S+\\s+does\\s+most alone: KL \\d")
        .contains("Growth of the error of the hidden state (measured on 64 tokens, simulated)")
        .containsPattern("probabilities:\\s+in\\s+float")
        .doesNotContain("--measure");
    assertThat(out.lines()).allMatch(line -> line.length() <= FactSheet.WIDTH);
    assertThat(folder.resolve("out/diagnosis")).isDirectoryContaining("glob:**.json");
    assertThat(run("diagnose", CELL, "--study", study, "--json")).isEqualTo(Exit.OK);
    assertThat(out).contains("\"damages\"", "\"breaksFirst\"");
  }

  @Test
  void whatIsNoCellIsSaidInASentence() {
    assertThat(run("diagnose", "RTN W3/chain_nano", "--study", study)).isEqualTo(Exit.ERROR);
    assertThat(err)
        .contains("No cell is called 'RTN W3/chain_nano'", "'RTN W2A4/chain_nano/slow_think'");
    assertThat(run("diagnose", "float/chain_nano", "--study", study, "--measure"))
        .isEqualTo(Exit.ERROR);
    assertThat(err).contains("not of a model quantized here");
    assertThat(run("diagnose", "x", "--study", folder.toString())).isEqualTo(Exit.ERROR);
    assertThat(err).contains("There are no records in");
  }
}
