package org.bitatlas.study.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Origin;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.report.Report;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that lm-evaluation-harness 0.4.13 wrote, and files in the layout of vLLM 0.11.0. */
class ResultFileTest {
  private static final String RESULTS = "results_2026-11-21T22-30-00.000000.json";
  private static final ImportLabel LABEL =
      new ImportLabel("W8A8 lm-eval", "Ascend 910B", Optional.empty());

  @TempDir Path folder;

  private Path copy(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream(name), name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  private Path harness() throws IOException {
    for (String task : List.of("own_choices", "own_texts", "own_pages")) {
      copy("samples_" + task + "_2026-11-21T22-30-00.000000.jsonl");
    }
    return copy(RESULTS);
  }

  private static Imported find(List<Imported> cells, String task, String mode) {
    return cells.stream()
        .filter(cell -> cell.record().task().equals(task) && cell.record().mode().equals(mode))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void readsTheHarnessesNumbersAndSamplesWithTheirOrigin() throws IOException {
    List<Imported> cells = ResultFile.read(harness(), LABEL);

    assertThat(cells)
        .extracting(cell -> cell.record().task() + " " + cell.record().mode())
        .containsExactlyInAnyOrder(
            "own_choices acc",
            "own_choices acc_norm",
            "own_texts exact_match,strict-match",
            "own_texts exact_match,flexible-extract",
            "own_pages word_perplexity",
            "own_pages byte_perplexity");
    Imported acc = find(cells, "own_choices", "acc");
    RunRecord record = acc.record();
    assertThat(record.primary()).isEqualTo(1.0 / 6);
    assertThat(record.correct()).isEqualTo(1);
    assertThat(record.items()).isEqualTo(6);
    assertThat(record.metrics()).containsEntry("acc_stderr,none", 0.16666666666666669);
    assertThat(record.recipe()).isEqualTo("W8A8 lm-eval [imported]");
    assertThat(record.method()).isEqualTo("imported");
    assertThat(record.execution()).startsWith("imported from lm-evaluation-harness 0.4.13");
    assertThat(record.inputs())
        .containsEntry(Origin.INPUT, "imported from lm-evaluation-harness 0.4.13: " + RESULTS)
        .containsEntry("platform", "Ascend 910B")
        .containsEntry("n_shot", "0")
        .containsEntry("task_version", "1.0")
        .hasEntrySatisfying("file", hash -> assertThat(hash).matches("[0-9a-f]{64}"));
    assertThat(record.provenance()).containsKeys("time", "samples_sha256");
    assertThat(acc.samples()).hasSize(6);
    assertThat(acc.samples().getFirst().prompt()).isEqualTo("Q: Which is 0 plus one?\nA:");
    assertThat(acc.samples().getFirst().correct()).isTrue();
    assertThat(find(cells, "own_texts", "exact_match,strict-match").samples())
        .hasSize(5)
        .allMatch(sample -> sample.output().equals("lol"))
        .allMatch(sample -> sample.answer().equals("[invalid]"));
    assertThat(find(cells, "own_pages", "word_perplexity").record().metric())
        .isEqualTo(Metric.PERPLEXITY);
  }

  @Test
  void readsTheResultsWithoutSamplesToo() throws IOException {
    List<Imported> cells = ResultFile.read(copy(RESULTS), LABEL);

    assertThat(cells).hasSize(6).allMatch(cell -> cell.samples().isEmpty());
  }

  @Test
  void refusesSamplesOfAnotherRun() throws IOException {
    Path results = harness();
    Path samples = folder.resolve("samples_own_choices_2026-11-21T22-30-00.000000.jsonl");
    Files.writeString(samples, Files.readString(samples).replace("\"acc\": 0.0", "\"acc\": 1.0"));

    assertThatThrownBy(() -> ResultFile.read(results, LABEL))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("do not belong to the results");

    Files.writeString(samples, "{\"doc_id\": 0,");
    assertThatThrownBy(() -> ResultFile.read(results, LABEL))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("line 1 is not JSON");
  }

  @Test
  void aNanOfTheHarnessNeverBecomesAnAccuracy() throws IOException {
    Path results = copy(RESULTS);
    Files.writeString(
        results,
        Files.readString(results).replaceFirst("\"acc,none\": [0-9.e-]+", "\"acc,none\": NaN"));

    RunRecord record = find(ResultFile.read(results, LABEL), "own_choices", "acc").record();
    assertThat(record.state()).isEqualTo(CellState.NON_FINITE);
    assertThat(record.primary()).isNaN();
  }

  @Test
  void readsVllmsServingBenchmarkAsSpeed() throws IOException {
    RunRecord record = ResultFile.read(copy("vllm_serve.json"), LABEL).getFirst().record();

    assertThat(record.metric()).isEqualTo(Metric.SPEED);
    assertThat(record.primary()).isEqualTo(620.6060606060606);
    assertThat(record.task()).isEqualTo("vllm bench serve");
    assertThat(record.mode()).isEqualTo("rate inf, concurrency 16, 200 prompts, output tokens/s");
    assertThat(record.model()).isEqualTo("FreedomIntelligence/openPangu-Embedded-1B");
    assertThat(record.metrics())
        .containsEntry("median_ttft_ms", 287.25)
        .containsEntry("p99_tpot_ms", 27.0);
    assertThat(record.provenance()).containsEntry("time", "2026-11-20T17:45:00 (its clock)");
  }

  @Test
  void readsVllmsThroughputBenchmarkAsSpeed() throws IOException {
    RunRecord record = ResultFile.read(copy("vllm_throughput.json"), LABEL).getFirst().record();

    assertThat(record.primary()).isEqualTo(4096.0);
    assertThat(record.mode()).isEqualTo("100 requests, all tokens/s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "[]", "{\"results\": {}}", "1", "{\"results\": {\"a\": {\"acc\": 1}}}"})
  void saysWhatItExpectsOfAnUnknownLayout(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("unknown.json"), content);

    assertThatThrownBy(() -> ResultFile.read(file, LABEL))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("unknown.json is no result of a known layout; expected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "not json", "{\"results\": "})
  void saysThatAFileIsNotJson(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("broken.json"), content);

    assertThatThrownBy(() -> ResultFile.read(file, LABEL)).isInstanceOf(BitAtlasException.class);
  }

  @Test
  void standsOnTheMapInItsOwnRowAndIsNeverCompared() throws IOException {
    try (RunStore store = RunStore.open(folder)) {
      for (Path file : List.of(harness(), copy("vllm_serve.json"))) {
        for (Imported cell :
            ResultFile.read(file, new ImportLabel("npu", "Ascend 910B", Optional.of("pangu")))) {
          store.put(cell.record(), cell.samples());
        }
      }
      AccuracyMap map = AccuracyMap.of(store, StudySpec.defaultSpec());

      assertThat(map.rows()).extracting(MapRow::recipe).containsExactly("npu [imported]");
      assertThat(map.columns()).hasSize(7);
      assertThat(map.checks()).isEmpty();
      assertThat(map.averages().getFirst().mean()).isEmpty();
      assertThat(map.cells().getFirst())
          .allMatch(cell -> cell.comparison().verdict() == Verdict.NOT_COMPARABLE)
          .allMatch(cell -> cell.value().isPresent())
          .allMatch(cell -> cell.flags().isEmpty());
      Report.Written report = Report.write(map, folder);
      assertThat(report.markdown())
          .content()
          .contains("npu \\[imported]", "Imported: imported from", "620.6");
      assertThat(report.html()).content().contains("npu [imported]");
    }
  }
}
