package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.report.Report;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunStoreTest {
  @TempDir Path folder;

  @Test
  void recordsSamplesAndLayerErrorsComeBackAsTheyWere() {
    StudySpec spec = StudySpec.defaultSpec();
    try (RunStore store = RunStore.open(folder)) {
      FakeStudies.runner(new FakeWorkbench(4)).run(spec, store, StudyListener.SILENT);
      RunRecord record = store.records().getFirst();
      store.put(record, store.samples(record.key()));
    }
    try (RunStore store = RunStore.open(folder)) {
      assertThat(store.plan()).hasSize(10 * 14);
      assertThat(store.records()).hasSize(10 * 14);
      PlannedCell cell = store.plan().get(28);
      assertThat(cell.recipe()).isEqualTo("RTN W8");
      assertThat(store.record(cell.key())).isPresent();
      assertThat(store.samples(cell.key())).hasSize(4);
      assertThat(store.samples(cell.key()).getFirst().prompt()).endsWith(FakeWorkbench.HOSTILE);
      assertThat(store.layerReports(cell.quantizationKey()))
          .isEqualTo(FakeLayers.of(FakeStudies.recipe("RTN W8")));
      assertThat(store.layerErrors(cell.quantizationKey())).hasSize(42);
      assertThat(RecordKey.of(store.record(cell.key()).orElseThrow().inputs()))
          .isEqualTo(cell.key());
    }
  }

  @Test
  void aStoreOfTheFirstVersionKeepsItsRecordsAndErrors() throws Exception {
    StudySpec spec = StudySpec.defaultSpec();
    try (RunStore store = RunStore.open(folder)) {
      FakeStudies.runner(new FakeWorkbench(4)).run(spec, store, StudyListener.SILENT);
    }
    String errors =
        "[{\"layer\":0,\"projection\":\"KEY\",\"outputError\":\"NaN\",\"weightError\":0.25}]";
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve(RunStore.FILE));
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO layer_errors SELECT key, '" + errors + "' FROM layer_reports");
      statement.execute("DROP TABLE layer_reports");
      statement.execute("PRAGMA user_version = 1");
    }
    try (RunStore store = RunStore.open(folder)) {
      assertThat(store.records()).hasSize(10 * 14);
      String key = store.plan().get(28).quantizationKey();
      assertThat(store.layerReports(key)).isEmpty();
      assertThat(store.layerErrors(key))
          .containsExactly(new LayerError(0, Projection.KEY, Double.NaN, 0.25));
      AccuracyMap map = AccuracyMap.of(store, spec);
      assertThat(map.rows().get(1).layers()).isEmpty();
      assertThat(map.rows().get(1).layerErrors()).hasSize(1);
      assertThat(map.rows().get(1).options()).containsEntry("quirks", "off");
      assertThat(Report.write(map, folder).html()).content().contains("kept the errors alone");

      StudyOutcome again =
          FakeStudies.runner(new FakeWorkbench(4)).run(spec, store, StudyListener.SILENT);
      assertThat(again.evaluated()).as("skipped cells are decided again").isEqualTo(47);
      assertThat(store.layerReports(key)).isEmpty();
    }
  }

  @Test
  void aNewerStoreIsRefused() throws Exception {
    RunStore.open(folder).close();
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve(RunStore.FILE));
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = 99");
    }
    assertThatThrownBy(() -> RunStore.open(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("has version 99")
        .hasMessageContaining("update BitAtlas");
  }

  @Test
  void aDamagedStoreIsNamedWithWhatToDo() throws Exception {
    Files.writeString(folder.resolve(RunStore.FILE), "this is no database, but long".repeat(50));
    assertThatThrownBy(() -> RunStore.open(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(RunStore.FILE)
        .hasMessageContaining("move the file away");
  }

  @Test
  void oneStudyAtATimeWorksOnAFolder() {
    try (StudyLock _ = StudyLock.acquire(folder)) {
      assertThatThrownBy(() -> StudyLock.acquire(folder))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("Another study works on the folder")
          .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
    }
    StudyLock.acquire(folder).close();
  }
}
