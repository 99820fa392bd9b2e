package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.NeutralFolder;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.report.Report;
import org.bitatlas.study.report.Verification;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quantized checkpoints that are there already, as rows beside the float model. */
class CheckpointRowsTest {
  private static final String PROTOCOL =
      """
      name: existing
      models: [nano-small]
      tasks: [{task: cloze_nano, modes: [no_think]}, wikitext_nano]
      calibration: {source: nano, samples: 2, length: 32}
      precision: float32
      noise_floor: false
      limit: 3
      recipes:
        - float
      """;

  /** Folder of each checkpoint by name; those that begin alike hold the same weights. */
  private static final List<String> FOUR =
      List.of("four-bitatlas", "four-compressed-tensors", "four-gptq", "four-awq", "four-gguf");

  private static final List<String> EIGHT = List.of("eight-bitatlas", "eight-modelslim");

  @TempDir static Path folder;

  @BeforeAll
  static void export() throws IOException {
    // fp16 scales first: what GPTQ, AWQ and GGUF hold exactly.
    Path rounded = folder.resolve("rounded");
    quantized(
        Map.of("method", "rtn", "bits", "4", "group_size", "32", "sym", "true"),
        source -> write(source, new GptqWriter(GptqVersion.V1, true), rounded));
    try (ModelFolder opened = FormatCatalog.open(rounded)) {
      ExportSource source = ExportSource.of(opened);
      NeutralFolder.write(source, folder.resolve("four-bitatlas"));
      for (FormatName format :
          List.of(
              FormatName.COMPRESSED_TENSORS, FormatName.GPTQ, FormatName.AWQ, FormatName.GGUF)) {
        write(source, FormatCatalog.writer(format), folder.resolve("four-" + format.label()));
      }
    }
    quantized(
        Map.of("method", "rtn", "bits", "8", "sym", "true", "a_bits", "8"),
        source -> {
          NeutralFolder.write(source, folder.resolve("eight-bitatlas"));
          write(
              source,
              FormatCatalog.writer(FormatName.MODELSLIM),
              folder.resolve("eight-modelslim"));
        });
  }

  private static void quantized(
      Map<String, String> options, java.util.function.Consumer<ExportSource> use) {
    Path model = Nano.open().model(Nano.SMALL).orElseThrow();
    try (ModelFolder opened = ModelFolder.open(model)) {
      QuantizedCheckpoint checkpoint =
          QuantizationPipeline.quantize(
                  new QuantizationPipeline.Source(
                      Nano.SMALL, opened.architecture(), opened.checkpoint()),
                  Recipe.parse(options),
                  Optional.empty(),
                  1,
                  progress -> {})
              .checkpoint();
      use.accept(
          ExportSource.of(
              new ModelFolder(
                  model, opened.architecture(), opened.checkpoint(), Optional.of(checkpoint))));
    }
  }

  private static void write(ExportSource source, FormatWriter writer, Path target) {
    new CheckpointExport(source, writer.plan(source), ExportOptions.DEFAULT).write(target);
  }

  private static String row(String name) {
    return "  - {checkpoint: %s, label: %s}\n".formatted(folder.resolve(name), name);
  }

  private static StudyOutcome run(StudySpec spec, Path out) {
    return StudyRunner.run(spec, options(out), StudyListener.SILENT);
  }

  private static StudyOptions options(Path out) {
    return new StudyOptions(out, Optional.empty(), Optional.empty(), 1, OptionalInt.empty());
  }

  @Test
  @Tag("slow")
  void everyFormatGivesTheCellsOfTheCheckpointThatItCameFrom() {
    Path out = folder.resolve("study");
    StringBuilder text = new StringBuilder(PROTOCOL);
    Stream.concat(FOUR.stream(), EIGHT.stream()).forEach(name -> text.append(row(name)));
    StudySpec spec = StudySpec.parse("test", text.toString());
    StudyOutcome outcome = run(spec, out);
    assertThat(outcome.evaluated()).isEqualTo(2 * 8);
    assertThat(outcome.failed()).isZero();

    try (RunStore store = RunStore.open(out)) {
      AccuracyMap map = AccuracyMap.of(store, spec);
      assertThat(map.rows())
          .extracting(MapRow::recipe)
          .containsExactly(
              "float",
              "four-bitatlas [bitatlas]",
              "four-compressed-tensors [compressed-tensors]",
              "four-gptq [gptq]",
              "four-awq [awq]",
              "four-gguf [gguf]",
              "eight-bitatlas [bitatlas]",
              "eight-modelslim [modelslim]");
      assertSame(map, 1, FOUR.size());
      assertSame(map, 1 + FOUR.size(), EIGHT.size());
      assertThat(samples(map, 1)).isNotEqualTo(samples(map, 0));

      for (int row = 1; row <= FOUR.size(); row++) {
        assertThat(map.rows().get(row).bits()).isEqualTo(4);
        assertThat(map.rows().get(row).options())
            .containsEntry("group_size", "32")
            .containsEntry("symmetric", "true")
            .containsEntry("a_bits", "16");
        // 4 bits and an fp16 scale for 32 weights; neutral and others spend more on scales.
        assertThat(map.rows().get(row).size().orElseThrow().storedBitsPerWeight())
            .isBetween(4.5, 5.5);
      }
      assertThat(map.rows().get(5).size().orElseThrow().storedBitsPerWeight()).isEqualTo(4.5);
      assertThat(map.rows().get(7).options())
          .containsEntry("bits", "8")
          .containsEntry("a_bits", "8")
          .containsEntry("a_granularity", "dynamic-token");
      assertThat(map.rows().get(3).method()).isEqualTo("gptq checkpoint");
      assertThat(map.rows()).allMatch(row -> row.isFloat() || row.isCheckpoint());
      assertThat(map.cells().get(1))
          .allMatch(cell -> cell.comparison().verdict() != Verdict.NOT_COMPARABLE);

      Report.write(map, out);
    }
    assertThat(folder.resolve("study/map.md"))
        .content()
        .contains("## Checkpoints that were there", "4 bits, groups of 32, symmetric")
        .doesNotContain("## Recipes", "- Calibration:");
    assertThat(Verification.of(out).problems()).isEmpty();
    assertThat(run(spec, out).evaluated()).isZero();
    reproduces(out);
  }

  private static void assertSame(AccuracyMap map, int first, int count) {
    List<List<SampleRecord>> expected = samples(map, first);
    for (int row = first; row < first + count; row++) {
      assertThat(map.cells().get(row)).allMatch(cell -> cell.state() == CellState.OK);
      assertThat(samples(map, row)).as(map.rows().get(row).recipe()).isEqualTo(expected);
    }
  }

  private static List<List<SampleRecord>> samples(AccuracyMap map, int row) {
    return map.cells().get(row).stream().map(MapCell::samples).toList();
  }

  private static void reproduces(Path out) {
    try (RunStore store = RunStore.open(out)) {
      RunRecord record =
          store.records().stream()
              .filter(known -> known.recipe().startsWith("four-gguf"))
              .filter(known -> known.task().equals("wikitext_nano"))
              .findFirst()
              .orElseThrow();
      Reproduction again = Reproduction.run(record, store.samples(record.key()), 1, _ -> {});
      assertThat(again.changedInputs()).isEmpty();
      assertThat(again.equal()).isTrue();
      assertThat(again.same()).isEqualTo(record.items());
    }
  }

  @Test
  void theKeyDependsOnTheWeightsAndNotOnPlaceOrLabel() throws IOException {
    Path copy = folder.resolve("copied-elsewhere");
    copy(folder.resolve("four-gptq"), copy);
    Map<String, String> first = inputs(folder.resolve("four-gptq"));
    assertThat(inputs(copy)).isEqualTo(first);

    Path weights = copy.resolve("model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      // The last tensor is packed: one bit of one code.
      file.seek(file.length() - 1);
      int last = file.read();
      file.seek(file.length() - 1);
      file.write(last ^ 1);
    }
    assertThat(differences(inputs(copy), first)).contains("checkpoint.weights");
    assertThat(differences(inputs(folder.resolve("four-gguf")), inputs(copy)))
        .contains("checkpoint.weights", "recipe");
  }

  private static List<String> differences(Map<String, String> one, Map<String, String> other) {
    List<String> names = new ArrayList<>();
    one.forEach((name, value) -> {
      if (!value.equals(other.get(name))) {
        names.add(name);
      }
    });
    return names;
  }

  /** Inputs of the key of a checkpoint's first cell. */
  private static Map<String, String> inputs(Path checkpoint) {
    return grid(PROTOCOL + "  - {checkpoint: %s}\n".formatted(checkpoint))
        .rows()
        .getLast()
        .cells()
        .getFirst()
        .inputs();
  }

  private static Grid grid(String text) {
    StudySpec spec = StudySpec.parse("test", text);
    String model = spec.models().getFirst();
    try (Workbench.Model opened =
        new EngineWorkbench(spec, options(folder.resolve("none"))).open(model)) {
      return Grid.plan(model, opened, spec);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void aCheckpointOfAnotherModelIsRefusedInOneSentence() throws IOException {
    assertThatThrownBy(() -> grid(PROTOCOL.replace("nano-small", "nano") + row("four-awq")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("is not one of nano: width 128 instead of 256");
    assertThatThrownBy(() ->
            grid(
                PROTOCOL
                    + "  - {checkpoint: %s}\n"
                        .formatted(Nano.open().model(Nano.SMALL).orElseThrow())))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("is a float model");
    assertThatThrownBy(() -> grid(PROTOCOL + row("nowhere")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("There is no folder");

    Path other = folder.resolve("other-tokenizer");
    copy(folder.resolve("four-compressed-tensors"), other);
    Path tokenizer = other.resolve("tokenizer.model");
    byte[] pieces = Files.readAllBytes(tokenizer);
    String text = new String(pieces, java.nio.charset.StandardCharsets.ISO_8859_1);
    pieces[text.indexOf("the") + 1] = 'X';
    Files.write(tokenizer, pieces);
    assertThatThrownBy(() -> grid(PROTOCOL + "  - {checkpoint: %s}\n".formatted(other)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("has another tokenizer than nano-small (token ");
  }

  @Test
  void severalModelsNeedToSayWhoseCheckpointItIs() {
    String two = PROTOCOL.replace("[nano-small]", "[nano-small, nano]");
    assertThatThrownBy(() -> StudySpec.parse("test", two + row("four-awq")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("of: one of nano-small, nano");
    StudySpec spec =
        StudySpec.parse(
            "test",
            two
                + "  - {checkpoint: hub/Model-AWQ, of: nano-small, numerics: [ours,"
                + " ascend-910b]}\n");
    assertThat(spec.recipes())
        .extracting(StudyRecipe::label)
        .containsExactly(
            "float",
            "Model-AWQ",
            "Model-AWQ [emulated ascend-910b numerics, never run on hardware]");
    assertThat(spec.recipes().get(1).belongsTo("nano")).isFalse();
    assertThat(spec.recipes().get(1).belongsTo("nano-small")).isTrue();
    assertThatThrownBy(() -> StudySpec.parse("test", PROTOCOL + row("a") + row("a")))
        .hasMessageContaining("twice");
  }
}
