package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FolderQuantizationTest {

  private static NanoCalibration nano;
  private static Path folder;
  private static Checkpoint checkpoint;
  private static Architecture architecture;
  private static CalibrationSet calibration;

  @BeforeAll
  static void open(@TempDir Path cache) {
    nano = NanoCalibration.openSmall(cache, 16);
    folder = nano.folder();
    checkpoint = nano.checkpoint();
    architecture = nano.architecture();
    calibration = nano.calibration();
  }

  @AfterAll
  static void close() {
    nano.close();
  }

  private static QuantizationSummary quantize(Recipe recipe, Path target, int interruptAt) {
    return QuantizationPipeline.quantizeTo(
        nano.source(),
        folder,
        target,
        recipe,
        Optional.of(calibration),
        2,
        progress -> {
          if (progress.finished() == interruptAt) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static final int NEVER = -1;

  private static Recipe recipe(String method) {
    Map<String, Object> options = new HashMap<>(Map.of("method", method, "bits", 4, "a_bits", 8));
    if (method.startsWith("flatquant")) {
      options.put("epochs", 1);
    }
    return Recipe.parse(options);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "gptaq", "smoothquant+gptq", "flatquant"})
  void anInterruptedJobGoesOnAndWritesTheSameBytes(String method, @TempDir Path out)
      throws IOException {
    Recipe recipe = recipe(method);
    Path whole = out.resolve("whole");
    Path resumed = out.resolve("resumed");
    QuantizationSummary uninterrupted = quantize(recipe, whole, NEVER);

    for (int layer : new int[] {9, 25}) {
      assertThatThrownBy(() -> quantize(recipe, resumed, layer))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(resumed).doesNotExist();
    }
    List<Integer> seen = new ArrayList<>();
    QuantizationSummary summary =
        QuantizationPipeline.quantizeTo(
            nano.source(),
            folder,
            resumed,
            recipe,
            Optional.of(calibration),
            1,
            progress -> seen.add(progress.finished()));

    assertThat(summary.resumedAt()).isEqualTo(3);
    assertThat(seen.getFirst()).isEqualTo(22);
    assertThat(summary.layers()).isEqualTo(uninterrupted.layers()).hasSize(42);
    assertThat(bytes(resumed)).isEqualTo(bytes(whole));
    BlockJournal report =
        BlockJournal.fromJson(Files.readString(resumed.resolve(QuantizationPipeline.REPORT_FILE)));
    assertThat(report.reports()).isEqualTo(summary.layers());
    assertThat(report.notes()).isEqualTo(summary.notes());
    assertThat(files(out)).containsExactlyInAnyOrder("whole", "resumed");
  }

  private static Map<String, Integer> bytes(Path folder) throws IOException {
    Map<String, Integer> contents = new TreeMap<>();
    for (String name : files(folder)) {
      contents.put(name, Arrays.hashCode(Files.readAllBytes(folder.resolve(name))));
    }
    return contents;
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  private static float[] logits(Path folder) {
    try (ModelFolder opened = ModelFolder.open(folder);
        TransformerModel model = opened.load(Precision.FP32);
        TensorScope _ = TensorScope.open()) {
      return model.logits(new int[][] {calibration.sequences().getFirst()}).toFloats();
    }
  }

  private static double distance(float[] found, float[] expected) {
    double error = 0;
    double whole = 0;
    for (int i = 0; i < found.length; i++) {
      error += Math.pow(found[i] - expected[i], 2);
      whole += Math.pow(expected[i], 2);
    }
    return Math.sqrt(error / whole);
  }

  @ParameterizedTest
  @ValueSource(strings = {"smoothquant", "flatquant"})
  void aTransformAloneLeavesTheModelAsItWas(String method, @TempDir Path out) {
    Recipe recipe = recipe(method);
    quantize(recipe.at(Position.TRANSFORMED), out.resolve("transformed"), NEVER);
    quantize(recipe, out.resolve("full"), NEVER);

    float[] original = logits(folder);
    assertThat(distance(logits(out.resolve("transformed")), original)).isLessThan(1e-4);
    assertThat(distance(logits(out.resolve("full")), original)).isGreaterThan(1e-2);
  }

  @Test
  void staticRangesAreLessExactThanDynamicOnes(@TempDir Path out) {
    for (String granularity : new String[] {"static-tensor", "dynamic-token"}) {
      quantize(
          Recipe.parse(
              Map.of(
                  "method",
                  "rtn",
                  "bits",
                  8,
                  "sym",
                  true,
                  "a_bits",
                  8,
                  "a_granularity",
                  granularity,
                  "kv_bits",
                  8)),
          out.resolve(granularity),
          NEVER);
    }
    float[] original = logits(folder);
    double dynamic = distance(logits(out.resolve("dynamic-token")), original);
    double fixed = distance(logits(out.resolve("static-tensor")), original);
    assertThat(dynamic).isLessThan(0.1);
    assertThat(fixed).isGreaterThan(dynamic).isLessThan(0.5);
  }

  @Test
  void excludedLayersStayFloat(@TempDir Path out) {
    QuantizationSummary summary =
        quantize(
            Recipe.parse(
                Map.of("method", "rtn", "bits", 4, "exclude", "down_proj,layers.0.", "a_bits", 8)),
            out.resolve("partly"),
            NEVER);

    assertThat(summary.layers()).hasSize(30);
    try (ModelFolder opened = ModelFolder.open(out.resolve("partly"))) {
      assertThat(opened.quantized().orElseThrow().linears().keySet())
          .hasSize(30)
          .noneMatch(module -> module.contains("down_proj") || module.contains("layers.0."));
      assertThat(opened.quantized().orElseThrow().activations()).hasSize(30);
    }
  }

  @Test
  void aTiedTableStaysOneOrBecomesTwo(@TempDir Path out) {
    QuantizationSummary together =
        quantize(
            Recipe.parse(Map.of("method", "rtn", "bits", 8, "embedding", "8", "head", "8")),
            out.resolve("together"),
            NEVER);
    QuantizationSummary apart =
        quantize(
            Recipe.parse(Map.of("method", "rtn", "bits", 8, "head", "4g32")),
            out.resolve("apart"),
            NEVER);

    assertThat(together.notes()).containsExactly("embedding and head stay one table, stored once");
    assertThat(apart.notes())
        .containsExactly(
            "embedding (float) and head (4g32) were one table and are now two; both are stored and"
                + " counted");
    try (ModelFolder opened = ModelFolder.open(out.resolve("apart"))) {
      assertThat(opened.quantized().orElseThrow().linears()).containsKey("lm_head");
    }
    float[] original = logits(folder);
    assertThat(distance(logits(out.resolve("together")), original)).isLessThan(0.05);
    assertThat(distance(logits(out.resolve("apart")), original)).isBetween(0.01, 0.3);
  }

  @ParameterizedTest
  @CsvSource({"awq,scales of ,20", "flatquant,training step,4"})
  void aSearchTellsItsSteps(String method, String what, int steps, @TempDir Path out) {
    List<String> heard = new ArrayList<>();
    QuantizationPipeline.quantizeTo(
        nano.source(),
        folder,
        out.resolve("searched"),
        recipe(method),
        Optional.of(calibration),
        2,
        new QuantizationListener() {
          @Override
          public void finished(QuantizationProgress progress) {}

          @Override
          public void searched(int layer, String searched, int done, int all) {
            assertThat(searched).startsWith(what);
            assertThat(all).isEqualTo(steps);
            heard.add(layer + " " + searched + " " + done);
          }
        });

    assertThat(heard).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(6 * steps);
    assertThat(heard.getFirst()).startsWith("0 ").endsWith(" 1");
    assertThat(heard.getLast()).startsWith("5 ").endsWith(" " + steps);
  }
}
