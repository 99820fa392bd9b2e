package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bitatlas.eval.CellState;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From a quantized embedded model to other formats and back. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExportCommandTest extends CommandTest {

  private static final int[][] PROMPT = {{1, 17, 42, 5, 99, 23, 7, 64}};

  private Path folder = Path.of("");
  private Path quantized = Path.of("");

  @BeforeAll
  void quantize(@TempDir Path shared) {
    folder = shared;
    quantized = folder.resolve("nano-w4");
    String command = "quantize nano --method rtn --bits 4 --group-size 32 --out " + quantized;
    assertThat(runLine(command)).isEqualTo(Exit.OK);
  }

  private static QuantizedCheckpoint quantized(Path model) {
    try (ModelFolder opened = FormatCatalog.open(model)) {
      return opened.quantized().orElseThrow();
    }
  }

  private static double[] logits(Path model) {
    try (ModelFolder opened = FormatCatalog.open(model);
        TransformerModel loaded = opened.load(Precision.FP32);
        TensorScope _ = TensorScope.open()) {
      return loaded.logits(PROMPT).toDoubles();
    }
  }

  @Test
  void anExportHasTheSameWeightsAndLogitsAndGoesBack() throws IOException {
    Path exported = folder.resolve("ct");
    assertThat(
            run(
                "export",
                quantized.toString(),
                "--format",
                "compressed-tensors",
                "--output",
                exported.toString()))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(out).contains("the float model has", "Written to");
    assertThat(quantized(exported)).isEqualTo(quantized(quantized));
    assertThat(logits(exported)).isEqualTo(logits(quantized));
    assertThat(exported.resolve("LICENSE.txt"))
        .hasSameBinaryContentAs(quantized.resolve("LICENSE.txt"));
    assertThat(Files.readString(exported.resolve("README.md"))).contains("has not been measured");

    Path back = folder.resolve("back");
    assertThat(run("convert", exported.toString(), "--to", "bitatlas", "--out", back.toString()))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(quantized(back)).isEqualTo(quantized(quantized));
    assertThat(run("inspect", exported.toString())).as(err).isEqualTo(Exit.OK);
    assertThat(out)
        .contains("4 bits, groups of 32", "compressed-tensors")
        .containsPattern("and \\d+ of quantized layers");
  }

  @ParameterizedTest
  @CsvSource({"gptq", "awq"})
  void scalesAreRoundedOnlyWhenAsked(String format) {
    Path exported = folder.resolve(format);
    List<String> command =
        List.of(
            "export",
            quantized.toString(),
            "--format",
            format,
            "--gptq-format",
            "v2",
            "--output",
            exported.toString());
    assertThat(run(command.toArray(new String[0]))).isEqualTo(Exit.ERROR);
    assertThat(err).contains("rounding to fp16 changes weights by up to", "--round-scales");
    assertThat(exported).doesNotExist();

    String[] rounding =
        Stream.concat(command.stream(), Stream.of("--round-scales")).toArray(String[]::new);
    assertThat(run(rounding)).as(err).isEqualTo(Exit.OK);
    assertThat(out).contains("Note: Scales were rounded to fp16");
    QuantizedCheckpoint before = quantized(quantized);
    quantized(exported)
        .linears()
        .forEach((module, linear) -> {
          float[] exact = before.linears().get(module).dequantize();
          float[] rounded = linear.dequantize();
          for (int i = 0; i < exact.length; i++) {
            assertThat(Math.abs(rounded[i] - exact[i]))
                .isLessThanOrEqualTo(Math.abs(exact[i]) * 0x1p-11f * 1.001f);
          }
        });
    // What fp16 holds goes on without another change.
    Path other = folder.resolve(format + "-ct");
    assertThat(
            run(
                "convert",
                exported.toString(),
                "--to",
                "compressed-tensors",
                "--output",
                other.toString()))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(quantized(other)).isEqualTo(quantized(exported));
  }

  /** A record of a study; what the model card must not show has its own figure. */
  private static RunRecord record(
      String key,
      Provenance of,
      String row,
      String task,
      Metric metric,
      CellState state,
      double primary,
      int items) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put("weights", of.baseWeightsDigest());
    if (!row.equals(StudyRecipe.FLOAT_LABEL)) {
      of.recipe().forEach((name, value) -> inputs.put(StudyRecipe.INPUT_PREFIX + name, value));
    }
    return new RunRecord(
        key,
        inputs,
        "nano",
        row,
        "rtn",
        4,
        task,
        "no_think",
        metric,
        state,
        state == CellState.OK ? "" : "on purpose",
        primary,
        items,
        items,
        0,
        0,
        new LinkedHashMap<>(),
        1,
        10,
        Optional.empty(),
        "simulated: by hand",
        List.of(),
        "",
        new LinkedHashMap<>(),
        "");
  }

  @Test
  void theModelCardHasTheMeasuredLossOfThisRecipeOnTheseWeights() throws IOException {
    Provenance own = quantized(quantized).provenance();
    SequencedMap<String, String> otherRecipe = new LinkedHashMap<>(own.recipe());
    otherRecipe.put("bits", "3");
    Provenance threeBits =
        new Provenance(
            own.baseModel(),
            own.baseWeightsDigest(),
            otherRecipe,
            own.calibration(),
            own.versions());
    Provenance otherWeights =
        new Provenance(own.baseModel(), "00ff", own.recipe(), own.calibration(), own.versions());
    Path study = folder.resolve("study");
    CellState ok = CellState.OK;
    Metric accuracy = Metric.ACCURACY;
    RunRecord otherTexts = record("08", own, "RTN W4", "math_nano", accuracy, ok, 0.555, 200);
    otherTexts.inputs().put("calibration", "of other texts");
    try (RunStore store = RunStore.open(study)) {
      for (RunRecord record :
          List.of(
              record("01", own, "RTN W4", "gsm_nano", accuracy, ok, 0.751, 200),
              record("02", own, StudyRecipe.FLOAT_LABEL, "gsm_nano", accuracy, ok, 0.802, 200),
              record("03", own, "RTN W4", "wikitext", Metric.PERPLEXITY, ok, 7.125, 10),
              record(
                  "04", own, StudyRecipe.FLOAT_LABEL, "wikitext", Metric.PERPLEXITY, ok, 4.444, 11),
              record("05", threeBits, "RTN W3", "gsm_nano", accuracy, ok, 0.111, 200),
              record("06", otherWeights, "RTN W4", "bool_nano", accuracy, ok, 0.222, 200),
              record("07", own, "RTN W4", "code_nano", accuracy, CellState.FAILED, 0.333, 200),
              otherTexts)) {
        store.put(record, List.of());
      }
    }
    Path exported = folder.resolve("measured");
    assertThat(
            run(
                "export",
                quantized.toString(),
                "--format",
                "compressed-tensors",
                "--records",
                study.toString(),
                "--output",
                exported.toString()))
        .as(err)
        .isEqualTo(Exit.OK);
    assertThat(Files.readString(exported.resolve("README.md")))
        .contains(
            "gsm_nano (no_think): accuracy 75.1 %, float 80.2 %, on 200 items; simulated: by hand",
            "wikitext (no_think): perplexity 7.125, on 10 items; simulated: by hand")
        .doesNotContain("has not been measured", "11.1 %", "22.2 %", "33.3 %", "55.5 %", "4.444");

    assertThat(
            run(
                "export",
                quantized.toString(),
                "--format",
                "compressed-tensors",
                "--records",
                folder.toString(),
                "--output",
                folder.resolve("none").toString()))
        .isEqualTo(Exit.ERROR);
    assertThat(err).contains("has no records of a study");
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void refusalsAreOneLine() {
    String target = folder.resolve("refused").toString();
    assertThat(run("export", "nowhere", "--format", "gptq", "--output", target))
        .isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("no folder that 'quantize' wrote");
    assertThat(run("convert", "nano", "--to", "gptq", "--output", target)).isEqualTo(Exit.ERROR);
    assertThat(err).contains("is not quantized");
    assertThat(run("convert", "nano", "--to", "zip", "--output", target)).isEqualTo(Exit.ERROR);
    assertThat(err).contains("There is no checkpoint format \"zip\"");
  }
}
