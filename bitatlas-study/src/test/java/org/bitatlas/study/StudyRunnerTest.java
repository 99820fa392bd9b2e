package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitatlas.eval.CellState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyRunnerTest {
  private static final StudySpec SPEC = StudySpec.defaultSpec();
  // Nine rows, and the float model once more.
  private static final int CELLS = 10 * 14;
  private static final int CODE = 10 * 2;
  private static final int UNINFORMATIVE = 9 * 3;
  private static final int ASKED = CELLS - CODE - UNINFORMATIVE;

  @TempDir Path folder;

  @Test
  void aRepeatedStudyCostsNothing() {
    try (RunStore store = RunStore.open(folder)) {
      run(new FakeWorkbench(5), store);
      FakeWorkbench again = new FakeWorkbench(5);
      StudyOutcome outcome = run(again, store);
      assertThat(again.quantized).isEmpty();
      assertThat(again.evaluated).isEmpty();
      // Skipped cells are asked again, because a later version may be able to run them.
      assertThat(outcome.reused()).isEqualTo(ASKED);
    }
  }

  @Test
  void changedWeightsAreNeverMistakenForTheOldOnes() {
    try (RunStore store = RunStore.open(folder)) {
      run(new FakeWorkbench(5), store);
      FakeWorkbench changed = new FakeWorkbench(5);
      changed.weights = "f".repeat(64);
      assertThat(run(changed, store).reused()).isZero();
      assertThat(changed.evaluated).hasSize(ASKED);
    }
  }

  @Test
  void theFloatModelComesFirstAndCodeIsNeverRun() {
    try (RunStore store = RunStore.open(folder)) {
      FakeWorkbench workbench = new FakeWorkbench(5);
      run(workbench, store);
      assertThat(workbench.evaluated.subList(0, 12)).allMatch(cell -> cell.startsWith("float "));
      assertThat(workbench.evaluated).noneMatch(cell -> cell.contains("humaneval"));
      assertThat(store.records())
          .filteredOn(record -> record.task().equals("mbpp_nano"))
          .allMatch(record -> record.state() == CellState.SKIPPED && !record.reason().isEmpty());
    }
  }

  @Test
  void whatFloatCannotDoIsNotAskedOfOthersAndTheNumbersAreKept() {
    try (RunStore store = RunStore.open(folder)) {
      FakeWorkbench workbench = new FakeWorkbench(5);
      run(workbench, store);
      assertThat(workbench.evaluated).hasSize(ASKED).contains("float gsm_nano no_think");
      assertThat(store.records())
          .filteredOn(record -> record.reason().startsWith("uninformative in float"))
          .hasSize(UNINFORMATIVE)
          .allSatisfy(record -> {
            assertThat(record.state()).isEqualTo(CellState.SKIPPED);
            assertThat(record.reason()).contains("0.0 % (0 of 5)", "not above chance");
            assertThat(FakeWorkbench.UNINFORMATIVE).contains(record.task() + " " + record.mode());
          });
    }
  }

  @Test
  void aCellThatFailsIsRecordedAndTheStudyGoesOn() {
    try (RunStore store = RunStore.open(folder)) {
      FakeWorkbench workbench = new FakeWorkbench(5);
      workbench.failingTask = Optional.of("gsm_nano");
      workbench.failingRecipe = Optional.of("GPTQ W3");
      StudyOutcome outcome = run(workbench, store);
      // Both modes of the task fail everywhere, and the other cells of a row.
      assertThat(outcome.failed()).isEqualTo(2 * 10 + 8);
      assertThat(store.records()).hasSize(CELLS);
      assertThat(store.records())
          .filteredOn(record -> record.state() == CellState.FAILED)
          .extracting(RunRecord::reason)
          .contains("broken on purpose", "no memory for " + FakeWorkbench.HOSTILE);
      FakeWorkbench repaired = new FakeWorkbench(5);
      run(repaired, store);
      assertThat(repaired.quantized).contains("GPTQ W3");
      assertThat(repaired.evaluated).hasSize(10 + 1 + 8);
      assertThat(store.records()).noneMatch(record -> record.state() == CellState.FAILED);
    }
  }

  @Test
  void aCancelledStudyKeepsItsFinishedCellsAndGoesOn() {
    try (RunStore store = RunStore.open(folder)) {
      StopAfter stop = new StopAfter(20);
      StudyOutcome outcome = FakeStudies.runner(new FakeWorkbench(5)).run(SPEC, store, stop);
      assertThat(outcome.cancelled()).isTrue();
      assertThat(store.records()).hasSize(20);
      run(new FakeWorkbench(5), store);
    }
    assertThat(results(folder)).isEqualTo(uninterrupted());
  }

  @Test
  void timeLeftIsTheMeasuredRateTimesTheItemsToCome() {
    TimeLeft timeLeft = new TimeLeft();
    try (RunStore store = RunStore.open(folder)) {
      run(new FakeWorkbench(10), store);
      RunRecord record = store.record(store.plan().getFirst().key()).orElseThrow();
      PlannedCell cell = store.plan().getFirst();
      assertThat(timeLeft.estimate(List.of(cell), cell, 0)).isEmpty();
      timeLeft.measured(record);
      double perItem = record.seconds() / 10;
      assertThat(timeLeft.estimate(List.of(cell), cell, 4).orElseThrow().toMillis())
          .isEqualTo(Math.round(6 * perItem * 1000));
    }
  }

  @Test
  void aKilledProcessLosesNoFinishedCell() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledStudy.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Map<String, RunRecord> finished;
    try {
      finished = waitForCells(15);
    } finally {
      child.destroyForcibly();
    }
    assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(child.exitValue()).isEqualTo(128 + 9);
    FakeWorkbench workbench = new FakeWorkbench(5);
    try (RunStore store = RunStore.open(folder)) {
      assertThat(store.records().size()).isLessThan(CELLS);
      run(workbench, store);
      finished.forEach((key, record) -> {
        if (record.isFinal()) {
          assertThat(store.record(key)).contains(record);
        }
      });
    }
    assertThat(results(folder)).isEqualTo(uninterrupted());
  }

  @Test
  void aCellThatWasCutOffGoesOnAndNothingIsAskedTwice() {
    try (RunStore store = RunStore.open(folder)) {
      FakeWorkbench first = new FakeWorkbench(5);
      first.failingItem = Optional.of("GPTQ W8 gsm_nano slow_think 3");
      run(first, store);
      FakeWorkbench second = new FakeWorkbench(5);
      run(second, store);
      assertThat(second.asking)
          .containsExactly("GPTQ W8 gsm_nano slow_think 3", "GPTQ W8 gsm_nano slow_think 4");
      RunRecord record =
          store.records().stream()
              .filter(one -> one.recipe().equals("GPTQ W8") && one.task().equals("gsm_nano"))
              .filter(one -> one.mode().equals("slow_think"))
              .findFirst()
              .orElseThrow();
      assertThat(record.state()).isEqualTo(CellState.OK);
      assertThat(store.samples(record.key())).hasSize(5);
      assertThat(store.journaled(record.key(), 0)).as("a finished cell has none").isEmpty();
    }
    assertThat(results(folder)).isEqualTo(uninterrupted());
  }

  @Test
  void whatOneModelAnsweredIsNeverGivenToAnother() {
    try (RunStore store = RunStore.open(folder)) {
      FakeWorkbench first = new FakeWorkbench(5);
      first.failingItem = Optional.of("float gsm_nano slow_think 3");
      run(first, store);
      FakeWorkbench other = new FakeWorkbench(5);
      other.weights = "f".repeat(64);
      run(other, store);
      assertThat(other.asking).contains("float gsm_nano slow_think 0");
    }
  }

  @Test
  void aProcessKilledInTheMiddleOfACellLosesAtMostACall() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                SlowCell.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    String key;
    int kept = 0;
    try {
      key = waitForCall(10);
    } finally {
      child.destroyForcibly();
    }
    assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
    FakeWorkbench workbench = new FakeWorkbench(40);
    try (RunStore store = RunStore.open(folder)) {
      while (store.journaled(key, kept).isPresent()) {
        kept++;
      }
      assertThat(kept).isBetween(11, 39);
      assertThat(store.record(key)).isEmpty();
      run(workbench, store);
      assertThat(store.samples(key)).hasSize(40);
    }
    assertThat(workbench.asking.getFirst()).isEqualTo("float gsm_nano slow_think " + kept);
  }

  private String waitForCall(int call) throws InterruptedException {
    for (int attempt = 0; attempt < 400; attempt++) {
      if (java.nio.file.Files.exists(folder.resolve(RunStore.FILE))) {
        try (RunStore store = RunStore.open(folder)) {
          if (!store.plan().isEmpty()
              && store.journaled(store.plan().getFirst().key(), call).isPresent()) {
            return store.plan().getFirst().key();
          }
        }
      }
      Thread.sleep(50);
    }
    throw new AssertionError("the child kept no call");
  }

  private Map<String, RunRecord> waitForCells(int count) throws InterruptedException {
    for (int attempt = 0; attempt < 400; attempt++) {
      if (java.nio.file.Files.exists(folder.resolve(RunStore.FILE))) {
        try (RunStore store = RunStore.open(folder)) {
          if (store.records().size() >= count) {
            return byKey(store.records());
          }
        }
      }
      Thread.sleep(50);
    }
    throw new AssertionError("the child finished no cells");
  }

  private static Map<String, RunRecord> byKey(List<RunRecord> records) {
    return records.stream().collect(Collectors.toMap(RunRecord::key, Function.identity()));
  }

  private static StudyOutcome run(FakeWorkbench workbench, RunStore store) {
    return FakeStudies.runner(workbench).run(SPEC, store, StudyListener.SILENT);
  }

  private Map<String, Double> uninterrupted() throws AssertionError {
    Path other = folder.resolve("whole");
    try (RunStore store = RunStore.open(other)) {
      run(new FakeWorkbench(5), store);
    }
    return results(other);
  }

  private static Map<String, Double> results(Path folder) {
    try (RunStore store = RunStore.open(folder)) {
      return store.records().stream().collect(Collectors.toMap(RunRecord::key, RunRecord::primary));
    }
  }

  /** Stops a study after some finished cells. */
  private static final class StopAfter implements StudyListener {
    private final int cells;
    private int finished;

    StopAfter(int cells) {
      this.cells = cells;
    }

    @Override
    public void cellFinished(RunRecord record, int number, int total) {
      finished++;
    }

    @Override
    public boolean cancelled() {
      return finished >= cells;
    }
  }

  /** A study whose first cell takes long, in a process of its own. */
  static final class SlowCell {
    private SlowCell() {}

    public static void main(String[] arguments) throws IOException {
      FakeWorkbench workbench = new FakeWorkbench(40);
      workbench.millisecondsPerItem = 400;
      try (RunStore store = RunStore.open(Path.of(arguments[0]))) {
        run(workbench, store);
      }
    }
  }

  /** A slow study in a process of its own. */
  static final class KilledStudy {
    private KilledStudy() {}

    public static void main(String[] arguments) throws IOException {
      FakeWorkbench workbench = new FakeWorkbench(5);
      workbench.millisecondsPerItem = 20;
      try (RunStore store = RunStore.open(Path.of(arguments[0]))) {
        run(workbench, store);
      }
    }
  }
}
