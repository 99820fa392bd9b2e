package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study of the embedded model with one small cell, verified and run again. */
class ReproduceCommandTest extends CommandTest {
  private static final String STUDY =
      """
      name: small
      models: [nano]
      recipes: [float, {method: rtn, bits: 4}]
      tasks: [{task: cloze_nano, modes: [no_think]}]
      calibration: {source: nano, samples: 4, length: 64, seed: 0}
      noise_floor: false
      precision: float32
      limit: {others: 1, tasks: {cloze_nano: 12}}
      """;

  @TempDir private Path folder;

  @Test
  void aRecordRunsAgainToTheSameItemsAndItsReportIsProven() throws Exception {
    Path spec = Files.writeString(folder.resolve("study.yaml"), STUDY);
    String study = folder.resolve("out").toString();
    assertThat(run("study", spec.toString(), "--out", study, "--threads", "1"))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(out).contains("Findings of the papers");
    assertThat(out.lines().filter(line -> !line.contains(study)))
        .allMatch(line -> line.length() <= FactSheet.WIDTH);
    assertThat(run("verify", study)).isEqualTo(Exit.OK);
    assertThat(out).contains("2 records and 3 files of the report belong together.");
    String key;
    try (RunStore store = RunStore.open(Path.of(study))) {
      key =
          store.records().stream()
              .filter(record -> record.recipe().startsWith("RTN"))
              .map(RunRecord::key)
              .findFirst()
              .orElseThrow();
    }
    assertThat(run("reproduce", key.substring(0, 12), "--study", study, "--threads", "1"))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(out).contains("12 of 12 the same to the bit", "equal");
    Path page = Path.of(study, "map.html");
    Files.writeString(page, Files.readString(page).replace("BitAtlas", "BitAtlss"));
    assertThat(run("verify", study)).isEqualTo(Exit.ERROR);
    assertThat(out).contains("map.html is not what the records give");
  }

  @Test
  void whatIsNoKeyOrNoStudyIsSaidInASentence() {
    assertThat(run("reproduce", "xyz")).isEqualTo(Exit.USAGE);
    assertThat(err).contains("'xyz' is no key");
    assertThat(run("reproduce", "0123456789", "--study", folder.toString())).isEqualTo(Exit.ERROR);
    assertThat(err).contains("There are no records in");
    assertThat(run("verify", folder.toString())).isEqualTo(Exit.ERROR);
    assertThat(err).contains("does not hold both records");
  }
}
