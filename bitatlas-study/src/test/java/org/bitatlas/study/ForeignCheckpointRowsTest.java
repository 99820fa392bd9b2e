package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.NeutralFolder;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/**
 * Checkpoints that compressed-tensors itself wrote, as rows of a study: they score a text as the
 * library's logits do, and as the neutral checkpoint that is made of them.
 */
class ForeignCheckpointRowsTest {

  private static final Path ORACLES = Path.of(System.getProperty("bitatlas.oracles", "../oracles"));

  /** Of the golden models: every token is a character, its id the character's code. */
  private static final int VOCABULARY = 128;

  @TempDir private Path folder;

  private static List<Path> goldens() throws IOException {
    try (Stream<Path> entries = Files.list(ORACLES.resolve("formats"))) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith("compressed_tensors_"))
          .sorted()
          .toList();
    }
  }

  @Test
  @Tag("slow")
  void scoreATextAsTheLibraryThatWroteThemAndAsNeutralCheckpoints() throws IOException {
    List<Path> goldens = goldens();
    assertThat(goldens).isNotEmpty();
    StringBuilder rows = new StringBuilder("recipes:\n  - float\n");
    for (Path golden : goldens) {
      Path foreign = folder.resolve(golden.getFileName());
      copy(golden, foreign);
      Path neutral = folder.resolve(golden.getFileName() + "-neutral");
      try (ModelFolder opened = FormatCatalog.open(foreign)) {
        NeutralFolder.write(ExportSource.of(opened), neutral);
      }
      rows.append("  - {checkpoint: %s}\n  - {checkpoint: %s}\n".formatted(foreign, neutral));
    }
    Path model = folder.resolve("base");
    copy(ORACLES.resolve(base(goldens.getFirst())), model);
    text(goldens.getFirst());
    StudySpec spec =
        StudySpec.parse(
            "test",
            "name: foreign\nmodels: [%s]\ntasks: [ids]\nprecision: float32\nnoise_floor: false\n"
                    .formatted(model)
                + rows);
    Path out = folder.resolve("study");
    StudyOutcome outcome =
        StudyRunner.run(
            spec,
            new StudyOptions(
                out,
                Optional.of(folder.resolve("suites")),
                Optional.empty(),
                1,
                OptionalInt.empty()),
            StudyListener.SILENT);
    assertThat(outcome.failed()).isZero();

    try (RunStore store = RunStore.open(out)) {
      AccuracyMap map = AccuracyMap.of(store, spec);
      for (int i = 0; i < goldens.size(); i++) {
        Path golden = goldens.get(i);
        MapRow foreign = map.rows().get(2 * i + 1);
        MapRow neutral = map.rows().get(2 * i + 2);
        assertThat(foreign.recipe()).endsWith("[compressed-tensors]");
        assertThat(neutral.recipe()).endsWith("[bitatlas]");
        MapCell cell = map.cells().get(2 * i + 1).getFirst();
        assertThat(cell.state()).isEqualTo(CellState.OK);
        assertThat(cell.samples())
            .as(foreign.recipe())
            .isEqualTo(map.cells().get(2 * i + 2).getFirst().samples())
            .isNotEqualTo(map.cells().getFirst().getFirst().samples());
        assertScoredAsByTheLibrary(golden, cell.samples());
      }
    }
  }

  private static String base(Path golden) {
    return JsonFile.read(golden.resolve("expected.json"))
        .path("options")
        .path("base_model")
        .asString();
  }

  /** Mean negative log-likelihood of the golden ids by the golden logits. */
  private static void assertScoredAsByTheLibrary(Path golden, List<SampleRecord> samples) {
    double tolerance =
        JsonFile.read(golden.resolve("expected.json"))
            .path("tolerances")
            .path("logits_abs")
            .doubleValue();
    int[] ids = ids(golden);
    double sum = 0;
    try (Checkpoint expected = SafetensorsCheckpoint.open(golden.resolve("expected.safetensors"));
        TensorScope _ = TensorScope.open()) {
      StoredTensor stored = expected.get("logits");
      double[] logits = Tensor.fromMemory(stored.data(), stored.type(), stored.shape()).toDoubles();
      for (int t = 0; t + 1 < ids.length; t++) {
        double total = 0;
        for (int v = 0; v < VOCABULARY; v++) {
          total += Math.exp(logits[t * VOCABULARY + v]);
        }
        sum += Math.log(total) - logits[t * VOCABULARY + ids[t + 1]];
      }
    }
    assertThat(samples).hasSize(1);
    assertThat(samples.getFirst().measures().get("nll"))
        .as(golden.toString())
        .isCloseTo(sum, within(2 * tolerance * (ids.length - 1)));
  }

  private static int[] ids(Path golden) {
    try (Checkpoint expected = SafetensorsCheckpoint.open(golden.resolve("expected.safetensors"));
        TensorScope _ = TensorScope.open()) {
      StoredTensor stored = expected.get("ids");
      long[] row = Tensor.fromMemory(stored.data(), stored.type(), stored.shape()).toLongs();
      int[] ids = new int[row.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) row[i];
      }
      return ids;
    }
  }

  /** A suite of one text, the golden ids as characters. */
  private void text(Path golden) throws IOException {
    Path suites = Files.createDirectories(folder.resolve("suites"));
    StringBuilder text = new StringBuilder();
    int[] ids = ids(golden);
    for (int id : ids) {
      text.append((char) id);
    }
    Files.writeString(suites.resolve("ids.txt"), text, StandardCharsets.US_ASCII);
    Files.writeString(
        suites.resolve("suites.yaml"),
        """
        format: 2
        name: golden
        tasks:
          - name: ids
            kind: perplexity
            about: The ids that the library was asked for logits of.
            file: ids.txt
            cleaning: none
            prefix: ""
            window: %d
            windows: 1
            begin_of_sequence: none
        """
            .formatted(ids.length));
  }

  /** A copy of a golden folder, which have no tokenizer, with one of characters. */
  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().startsWith("expected")) {
          Files.copy(file, to.resolve(file.getFileName()));
        }
      }
    }
    Files.writeString(to.resolve("tokenizer.json"), tokenizer());
  }

  /** Byte-level BPE without merges: GPT-2 writes bytes that do not print as letters from 256 on. */
  private static String tokenizer() {
    ObjectNode tokenizer = JsonFile.object();
    tokenizer.put("version", "1.0").putArray("added_tokens");
    byteLevel(tokenizer.putObject("pre_tokenizer"));
    byteLevel(tokenizer.putObject("decoder"));
    ObjectNode model = tokenizer.putObject("model").put("type", "BPE");
    ObjectNode vocabulary = model.putObject("vocab");
    int next = 256;
    for (int value = 0; value < VOCABULARY; value++) {
      boolean prints = value > ' ' && value < 127;
      vocabulary.put(String.valueOf((char) (prints ? value : next++)), value);
    }
    model.putArray("merges");
    return tokenizer.toString();
  }

  private static void byteLevel(ObjectNode part) {
    part.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }
}
