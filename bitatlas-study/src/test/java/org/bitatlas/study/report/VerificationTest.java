package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.FakeStudies;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A report and its records, whole and tampered with in every part. */
class VerificationTest {
  @TempDir static Path origin;
  @TempDir Path folder;

  @BeforeAll
  static void study() {
    Report.write(FakeStudies.map(origin, 12), origin);
  }

  @BeforeEach
  void copy() throws IOException {
    for (String name : List.of("map.json", "map.md", "map.html", RunStore.FILE)) {
      Files.copy(origin.resolve(name), folder.resolve(name));
    }
  }

  @Test
  void whatWasWrittenTogetherBelongsTogether() {
    Verification verification = Verification.of(folder);
    assertThat(verification.problems()).isEmpty();
    assertThat(verification.notes()).isEmpty();
    assertThat(verification.holds()).isTrue();
    assertThat(verification.files()).isEqualTo(3);
    assertThat(verification.records()).isGreaterThan(100);
  }

  @Test
  void aSampleThatWasTurnedRightIsFoundByCountDigestAndReport() {
    RunRecord record = record();
    List<SampleRecord> samples;
    try (RunStore store = RunStore.open(folder)) {
      samples = new ArrayList<>(store.samples(record.key()));
      SampleRecord first = samples.getFirst();
      samples.set(
          0,
          new SampleRecord(
              first.index(),
              first.promptDigest(),
              first.prompt(),
              first.expected(),
              first.output(),
              first.answer(),
              !first.correct(),
              first.generatedTokens(),
              first.outcome(),
              first.measures()));
      store.put(record, samples);
    }
    assertThat(Verification.of(folder).problems())
        .anyMatch(problem -> problem.contains(named(record)) && problem.contains("samples say"))
        .anyMatch(problem ->
            problem.contains(FindingView.shortened(record.key()))
                && problem.contains("is not the one that map.json was drawn from"))
        .anyMatch(problem -> problem.startsWith("map.json is not what the records give: /cells/"));
  }

  @Test
  void aRecordThatNamesOtherInputsIsFoundByItsKey() {
    RunRecord record = record();
    record.inputs().put("weights", "f".repeat(64));
    put(record);
    assertThat(Verification.of(folder).problems())
        .contains(named(record) + ": its inputs are not those of its key; the record was changed.");
  }

  @Test
  void aRecordWithABetterNumberIsFoundEvenWhenTheReportWasDrawnAgain() {
    RunRecord record = record();
    put(withPrimary(record, 0.999));
    try (RunStore store = RunStore.open(folder)) {
      Report.write(AccuracyMap.of(store, StudySpec.defaultSpec()), folder);
    }
    assertThat(Verification.of(folder).problems())
        .singleElement()
        .asString()
        .startsWith(named(record) + ": its number is 0.999, its samples give");
  }

  @Test
  void everyFileOfTheReportIsDrawnAgain() throws IOException {
    replace("map.html", "non-inferior", "superior");
    replace("map.md", "non-inferior", "superior");
    replace("map.json", "\"NON_INFERIOR\"", "\"WORSE\"");
    assertThat(Verification.of(folder).problems())
        .hasSize(3)
        .anyMatch(problem -> problem.startsWith("map.html is not what the records give, from line"))
        .anyMatch(problem -> problem.startsWith("map.md is not") && problem.contains("superior"))
        .anyMatch(problem -> problem.contains("says \"WORSE\", the records give \"NON_INFERIOR\""));
  }

  @Test
  void aRecordThatIsGoneIsMissed() throws IOException {
    Files.delete(folder.resolve(RunStore.FILE));
    try (RunStore whole = RunStore.open(origin);
        RunStore store = RunStore.open(folder)) {
      store.putPlan(whole.plan());
    }
    assertThat(Verification.of(folder).problems())
        .anyMatch(problem -> problem.contains("which is not there"));
  }

  @Test
  void aMarginChosenAfterwardsIsTold() {
    try (RunStore store = RunStore.open(folder)) {
      StudySpec spec =
          StudySpec.parse(
              "test",
              "{name: default, models: [nano], recipes: [float], tasks: [wikitext_nano],"
                  + " margin: {points: 9}}");
      Report.write(AccuracyMap.of(store, spec), folder);
    }
    Verification verification = Verification.of(folder);
    assertThat(verification.problems()).isEmpty();
    assertThat(verification.notes()).singleElement().asString().contains("9.0", "2.0");
  }

  @Test
  void aFolderWithoutAReportIsRefused() {
    assertThatThrownBy(() -> Verification.of(folder.resolve("none")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("does not hold both records");
  }

  private void replace(String file, String told, String instead) throws IOException {
    String text = Files.readString(folder.resolve(file));
    Files.writeString(folder.resolve(file), text.replaceFirst(told, instead));
  }

  private void put(RunRecord record) {
    try (RunStore store = RunStore.open(folder)) {
      store.put(record, store.samples(record.key()));
    }
  }

  private RunRecord record() {
    try (RunStore store = RunStore.open(folder)) {
      RunRecord found =
          store.records().stream()
              .filter(record -> record.recipe().equals("RTN W4"))
              .filter(record -> record.column().label().equals("gsm_nano slow_think"))
              .findFirst()
              .orElseThrow();
      return found;
    }
  }

  private static RunRecord withPrimary(RunRecord record, double primary) {
    return new RunRecord(
        record.key(),
        new LinkedHashMap<>(record.inputs()),
        record.model(),
        record.recipe(),
        record.method(),
        record.bits(),
        record.task(),
        record.mode(),
        record.metric(),
        record.state(),
        record.reason(),
        primary,
        record.items(),
        record.plannedItems(),
        record.correct(),
        record.chance(),
        record.metrics(),
        record.seconds(),
        record.generatedTokens(),
        record.size(),
        record.execution(),
        record.notes(),
        record.quantizationKey(),
        record.provenance(),
        record.decoding());
  }

  private static String named(RunRecord record) {
    return "Record " + FindingView.shortened(record.key()) + " (RTN W4 on gsm_nano slow_think)";
  }
}
