package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.model.Execution;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReproductionTest {
  private static final int ITEMS = 20;

  @TempDir static Path folder;
  private static List<RunRecord> records;

  @BeforeAll
  static void study() {
    try (RunStore store = RunStore.open(folder)) {
      FakeStudies.runner(new FakeWorkbench(ITEMS))
          .run(StudySpec.defaultSpec(), store, StudyListener.SILENT);
      records = store.records();
    }
  }

  @Test
  void everyRecordHoldsASpecificationThatGivesItsOwnKey() {
    for (RunRecord record : records) {
      StudySpec spec =
          StudySpec.parse("record", record.provenance().getOrDefault(Reproduction.STUDY, ""));
      assertThat(spec.margin().points()).isEqualTo(2.0);
      if (record.state() != CellState.SKIPPED) {
        Reproduction again = reproduce(record, samples(record));
        assertThat(again.changedInputs()).as(record.recipe()).isEmpty();
        assertThat(again.equal()).isTrue();
        assertThat(again.same()).isEqualTo(record.items());
      }
    }
  }

  @Test
  void anEmulatedRowIsRunAgainInItsOwnArithmetic(@TempDir Path other) {
    StudySpec spec =
        StudySpec.parse(
            "test",
            "{name: x, models: [nano], tasks: [wikitext_nano], numerics: [ours, ascend-910b],"
                + " recipes: [float, {method: rtn, bits: 8}]}");
    try (RunStore store = RunStore.open(other)) {
      FakeStudies.runner(new FakeWorkbench(ITEMS)).run(spec, store, StudyListener.SILENT);
      for (RunRecord record : store.records()) {
        Reproduction again =
            Reproduction.run(
                record,
                store.samples(record.key()),
                spec(record),
                new FakeWorkbench(ITEMS),
                _ -> {});
        assertThat(again.changedInputs()).as(record.recipe()).isEmpty();
      }
      assertThat(store.records())
          .filteredOn(record -> record.inputs().containsKey("numerics"))
          .singleElement()
          .satisfies(record ->
              assertThat(spec(record).recipes().getLast().emulation())
                  .contains(Execution.ASCEND_910B));
    }
  }

  @Test
  void anItemThatComesOutDifferentlyIsNamed() {
    RunRecord record = record("GPTQ W4", "gsm_nano", "slow_think");
    List<SampleRecord> changed = new ArrayList<>(samples(record));
    SampleRecord item = changed.get(7);
    changed.set(7, with(item, "999", item.measures()));
    Reproduction again = reproduce(record, changed);
    assertThat(again.equal()).isFalse();
    assertThat(again.same()).isEqualTo(ITEMS - 1);
    assertThat(again.different())
        .singleElement()
        .satisfies(difference -> {
          assertThat(difference.index()).isEqualTo(7);
          assertThat(difference.before()).endsWith("answer 999");
          assertThat(difference.now()).endsWith("answer " + item.answer());
        });
    assertThat(reproduce(record, samples(record).subList(0, 15)).different())
        .hasSize(5)
        .allMatch(difference -> difference.before().equals("not asked"));
  }

  @Test
  void numbersMayDifferByRoundingOnly() {
    RunRecord record = record("GPTQ W4", "wikitext_nano", "");
    assertThat(reproduce(record, scaled(record, 1 + 1e-7)))
        .matches(Reproduction::equal)
        .satisfies(again -> assertThat(again.same()).isEqualTo(ITEMS - 1))
        .satisfies(again -> assertThat(again.largest()).isBetween(0.9e-7, 1.1e-7));
    assertThat(reproduce(record, scaled(record, 1.001)).different()).hasSize(1);
  }

  @Test
  void anInputThatIsAnotherNowIsTold() {
    FakeWorkbench other = new FakeWorkbench(ITEMS);
    other.weights = "d".repeat(64);
    RunRecord record = record("RTN W4", "gsm_nano", "slow_think");
    Reproduction again = Reproduction.run(record, samples(record), spec(record), other, _ -> {});
    assertThat(again.changedInputs()).containsOnlyKeys("weights");
    assertThat(again.changedInputs().get("weights"))
        .isEqualTo("was " + "a".repeat(64) + ", is " + "d".repeat(64));
    assertThat(again.machine()).containsOnlyKeys("processor", "java", "commit");
  }

  @Test
  void aRecordThatDoesNotSayHowItWasMadeIsRefused() {
    RunRecord record = record("RTN W4", "gsm_nano", "slow_think");
    record.provenance().remove(Reproduction.STUDY);
    assertThatThrownBy(() -> Reproduction.run(record, List.of(), 1, _ -> {}))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("older version")
        .hasMessageContaining(record.key().substring(0, 12));
  }

  @Test
  void aRecordIsFoundByTheBeginningOfItsKey() {
    try (RunStore store = RunStore.open(folder)) {
      String key = records.getFirst().key();
      assertThat(store.recordOf(key.substring(0, 12)).key()).isEqualTo(key);
      assertThatThrownBy(() -> store.recordOf("zz")).hasMessageContaining("is no record");
      assertThatThrownBy(() -> store.recordOf("")).hasMessageContaining("records in");
    }
  }

  private static List<SampleRecord> scaled(RunRecord record, double factor) {
    List<SampleRecord> changed = new ArrayList<>(samples(record));
    SequencedMap<String, Double> measures = new LinkedHashMap<>(changed.get(3).measures());
    measures.compute("nll", (_, value) -> value * factor);
    changed.set(3, with(changed.get(3), changed.get(3).answer(), measures));
    return changed;
  }

  private static SampleRecord with(
      SampleRecord sample, String answer, SequencedMap<String, Double> measures) {
    return new SampleRecord(
        sample.index(),
        sample.promptDigest(),
        sample.prompt(),
        sample.expected(),
        sample.output(),
        answer,
        sample.correct(),
        sample.generatedTokens(),
        sample.outcome(),
        measures);
  }

  private static Reproduction reproduce(RunRecord record, List<SampleRecord> samples) {
    return Reproduction.run(record, samples, spec(record), new FakeWorkbench(ITEMS), _ -> {});
  }

  private static StudySpec spec(RunRecord record) {
    return StudySpec.parse("record", record.provenance().getOrDefault(Reproduction.STUDY, ""));
  }

  private static RunRecord record(String recipe, String task, String mode) {
    try (RunStore store = RunStore.open(folder)) {
      return store.records().stream()
          .filter(record -> record.recipe().equals(recipe))
          .filter(record -> record.task().equals(task) && record.mode().equals(mode))
          .findFirst()
          .orElseThrow();
    }
  }

  private static List<SampleRecord> samples(RunRecord record) {
    try (RunStore store = RunStore.open(folder)) {
      return store.samples(record.key());
    }
  }
}
