package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.IntConsumer;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.endpoint.EndpointAddress;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.report.Report;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of endpoints on the map, over a workbench without a server. */
class EndpointRowsTest {
  @TempDir Path folder;

  private final FakeWorkbench fake = new FakeWorkbench(150);
  private Optional<String> unreachable = Optional.empty();
  private Optional<String> noScores = Optional.empty();

  private static EndpointSpec endpoint(Optional<String> of) {
    return new EndpointSpec(
        "W8A8 on vLLM",
        "Ascend 910B",
        EndpointAddress.parse("http://127.0.0.1:8000"),
        Optional.empty(),
        of,
        4,
        Duration.ofSeconds(5));
  }

  private StudySpec study(String recipes) throws IOException {
    Path file = folder.resolve("study.yaml");
    Files.writeString(
        file,
        """
        name: npu
        models: [nano]
        recipes:
          - float
        %s
        tasks:
          - {task: gsm_nano, modes: [slow_think]}
          - {task: facts_nano_choices, modes: [no_think]}
          - wikitext_nano
        noise_floor: false
        """
            .formatted(recipes));
    return StudySpec.read(file);
  }

  private static final String ROW =
      "  - endpoint: {url: 'http://127.0.0.1:8000', label: W8A8 on vLLM, platform: Ascend 910B}";

  private AccuracyMap run(StudySpec spec) {
    try (RunStore store = RunStore.open(folder)) {
      FakeStudies.runner(new Served()).run(spec, store, StudyListener.SILENT);
      return AccuracyMap.of(store, spec);
    }
  }

  @Test
  void anEndpointOfAStudyIsComparedWithTheFloatModelItemByItem() throws IOException {
    AccuracyMap map = run(study(ROW));

    assertThat(map.rows())
        .extracting(MapRow::recipe)
        .containsExactly("float", "W8A8 on vLLM [endpoint]");
    assertThat(map.rows().get(1).size()).isEmpty();
    assertThat(map.cells().get(1).getFirst().comparison().verdict())
        .isEqualTo(Verdict.NON_INFERIOR);
    assertThat(map.cells().get(1).getFirst().comparison().items()).isEqualTo(150);
    RunRecord record = map.cells().get(1).getFirst().record().orElseThrow();
    assertThat(record.inputs())
        .containsEntry("origin", "endpoint")
        .containsEntry("platform", "Ascend 910B")
        .containsEntry("label", "W8A8 on vLLM")
        .containsEntry("weights", "not hashed")
        .doesNotContainKey("precision");
    assertThat(record.provenance())
        .containsEntry("platform", "Ascend 910B")
        .doesNotContainKey("processor");
    assertThat(Report.write(map, folder).markdown())
        .content()
        .contains("W8A8 on vLLM \\[endpoint]", "Platform: Ascend 910B");
  }

  @Test
  void aServerThatIsDownFailsItsOwnCellsOnlyAndIsAskedAgain() throws IOException {
    unreachable = Optional.of("nobody listens");
    AccuracyMap map = run(study(ROW));

    assertThat(map.cells().get(0)).allMatch(cell -> cell.state() == CellState.OK);
    assertThat(map.cells().get(1))
        .allMatch(cell -> cell.state() == CellState.FAILED)
        .allMatch(cell -> cell.reason().equals("nobody listens"));

    unreachable = Optional.empty();
    AccuracyMap again = run(study(ROW));
    assertThat(again.cells().get(1)).allMatch(cell -> cell.state() == CellState.OK);
    assertThat(again.rows()).hasSize(2);
  }

  @Test
  void aTaskThatTheServerCannotBeAskedIsSkippedWithTheReason() throws IOException {
    noScores = Optional.of("no log-probabilities");
    AccuracyMap map = run(study(ROW));

    assertThat(map.cells().get(1).get(0).state()).isEqualTo(CellState.OK);
    assertThat(map.cells().get(1).get(2).state()).isEqualTo(CellState.SKIPPED);
    assertThat(map.cells().get(1).get(2).reason()).isEqualTo("no log-probabilities");
  }

  @Test
  void beamSearchIsSkippedOnAServerWithTheReason() throws IOException {
    StudySpec spec = study(ROW);
    Path file = folder.resolve("study.yaml");
    Files.writeString(
        file,
        Files.readString(file)
            .replace("noise_floor", "decoding: [greedy, {method: beam, width: 4}]\nnoise_floor"));
    AccuracyMap map = run(StudySpec.read(file));

    assertThat(spec.decodings()).hasSize(1);
    assertThat(map.cells().get(0).get(1).state()).isEqualTo(CellState.OK);
    assertThat(map.cells().get(1).get(0).state()).isEqualTo(CellState.OK);
    assertThat(map.cells().get(1).get(1).state()).isEqualTo(CellState.SKIPPED);
    assertThat(map.cells().get(1).get(1).reason()).startsWith("beam search is not asked");
  }

  @Test
  void anEndpointThatWasAskedAloneIsAGuestOfTheStudysMap() throws IOException {
    StudySpec own = study("");
    run(own);
    AccuracyMap map =
        run(
            StudySpec.ofEndpoint(
                "nano",
                endpoint(Optional.empty()),
                List.of(new StudyTask("gsm_nano", "slow_think"), new StudyTask("drop", "")),
                Optional.empty()));

    assertThat(map.rows())
        .extracting(MapRow::recipe)
        .containsExactly("float", "W8A8 on vLLM [endpoint]");
    assertThat(map.columns()).extracting(StudyTask::task).endsWith("drop").hasSize(4);
    assertThat(map.cells()).allSatisfy(row -> assertThat(row).hasSize(4));
    assertThat(map.cells().get(0).get(3).reason()).isEqualTo("not run yet");
    assertThat(map.cells().get(1).get(0).comparison().verdict()).isEqualTo(Verdict.NON_INFERIOR);
    assertThat(map.cells().get(1).get(3).comparison().verdict()).isEqualTo(Verdict.NOT_COMPARABLE);
    Report.write(map, folder);
  }

  @Test
  void endpointsWithoutAFloatModelAreNotComparedWithEachOther() {
    StudyTask task = new StudyTask("gsm_nano", "slow_think");
    run(
        StudySpec.ofEndpoint(
            "served", endpoint(Optional.empty()), List.of(task), Optional.empty()));
    EndpointSpec second =
        new EndpointSpec(
            "second",
            "H100",
            EndpointAddress.parse("http://127.0.0.1:8001"),
            Optional.empty(),
            Optional.empty(),
            4,
            Duration.ofSeconds(5));
    AccuracyMap map = run(StudySpec.ofEndpoint("served", second, List.of(task), Optional.empty()));

    assertThat(map.rows()).hasSize(2);
    assertThat(map.checks()).isEmpty();
    assertThat(map.cells())
        .allSatisfy(row ->
            assertThat(row)
                .allMatch(cell -> cell.comparison().verdict() == Verdict.NOT_COMPARABLE));
    Report.write(map, folder);
  }

  @Test
  void anEndpointNeedsALabelAPlatformAndAModelOfTheStudy() {
    assertThatThrownBy(() -> study("  - endpoint: {url: 'http://h', label: x}"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("recipes[1].endpoint.platform");
    assertThatThrownBy(() -> study("  - endpoint: {url: 'ftp://h', label: x, platform: y}"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("http or https");
    assertThatThrownBy(() -> study(ROW.replace("}", ", of: other}")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("of: one of nano");
    assertThatThrownBy(() -> study(ROW + "\n" + ROW))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("twice");
  }

  /** The fake workbench, whose model is also behind a server. */
  private final class Served implements Workbench {
    @Override
    public Model open(String name) {
      Model model = fake.open(name);
      return new Model() {
        @Override
        public SequencedMap<String, String> identity() {
          return model.identity();
        }

        @Override
        public SequencedMap<String, String> calibration(StudyRecipe row) {
          return model.calibration(row);
        }

        @Override
        public SequencedMap<String, String> allocation(Recipe recipe) {
          return model.allocation(recipe);
        }

        @Override
        public Task prepare(StudyTask task) {
          return model.prepare(task);
        }

        @Override
        public Variant floatVariant() {
          return model.floatVariant();
        }

        @Override
        public Variant floatAgain() {
          return model.floatAgain();
        }

        @Override
        public String againHow() {
          return model.againHow();
        }

        @Override
        public SequencedMap<String, String> endpointIdentity(EndpointSpec spec) {
          return EndpointVariant.identity(
              spec,
              RunOptions.ALL,
              Map.of("weights", "not hashed", "server", unreachable.orElse("vllm 0.10.2")));
        }

        @Override
        public Variant endpoint(EndpointSpec spec) {
          unreachable.ifPresent(why -> {
            throw new BitAtlasException(why);
          });
          return new ServedVariant(model.floatVariant(), spec);
        }

        @Override
        public Variant quantize(StudyRecipe row) {
          return model.quantize(row);
        }

        @Override
        public void close() {
          model.close();
        }
      };
    }
  }

  private final class ServedVariant implements Workbench.Variant {
    private final Workbench.Variant variant;
    private final EndpointSpec spec;

    ServedVariant(Workbench.Variant variant, EndpointSpec spec) {
      this.variant = variant;
      this.spec = spec;
    }

    @Override
    public Optional<ModelSize> size() {
      return Optional.empty();
    }

    @Override
    public String execution() {
      return "endpoint";
    }

    @Override
    public List<LayerReport> layerReports() {
      return List.of();
    }

    @Override
    public List<String> notes() {
      return List.of();
    }

    @Override
    public Optional<String> skipReason(Workbench.Task task, Decoding decoding) {
      return EndpointVariant.refused(decoding)
          .or(() -> task.metric() == Metric.PERPLEXITY ? noScores : Optional.empty());
    }

    @Override
    public Optional<SequencedMap<String, String>> machine() {
      return Optional.of(new LinkedHashMap<>(Map.of("platform", spec.platform())));
    }

    @Override
    public TaskResult evaluate(
        Workbench.Task task, Decoding decoding, CellJournal journal, IntConsumer itemsDone) {
      return variant.evaluate(task, decoding, journal, itemsDone);
    }

    @Override
    public void close() {
      variant.close();
    }
  }
}
