package org.bitatlas.quant.allocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.sensitivity.CandidatePool;
import org.bitatlas.quant.sensitivity.DivergenceMeter;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.SensitivityListener;
import org.bitatlas.quant.sensitivity.SensitivityStore;
import org.bitatlas.quant.sensitivity.SensitivityTable;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Round to nearest on the embedded model, few tokens, few choices. */
class AdaptiveBitsTest {

  private static Checkpoint checkpoint;
  private static Source source;
  private static CalibrationSet texts;

  /** Of a budget of 3 bits, on two threads, without a store. */
  private static AllocatedBits threeBits;

  @BeforeAll
  static void open(@TempDir Path cache) {
    Nano nano = Nano.open(cache);
    Path folder = nano.modelFolder();
    checkpoint = SafetensorsCheckpoint.open(folder);
    source = new Source("nano", ArchitectureReader.read(folder.resolve("config.json")), checkpoint);
    texts =
        CalibrationSets.fromJsonLines(
            nano.calibrationFile(),
            ChatTokenizers.load(folder).tokenizer(),
            new Selection(2, 32, 0));
    threeBits =
        AdaptiveBits.resolve(
            source, adaptive("3.0"), texts, options(Optional.empty(), 2, SensitivityListener.NONE));
  }

  @AfterAll
  static void close() {
    checkpoint.close();
  }

  private static Recipe adaptive(String budget) {
    return adaptive(budget, Map.of("passes", 1));
  }

  private static Recipe adaptive(String budget, Map<String, Object> others) {
    Map<String, Object> options = new HashMap<>(others);
    options.put("method", "rtn");
    options.put("bits", "adaptive");
    options.put("budget", budget);
    options.put("bit_choices", "2,3,4");
    return Recipe.parse(options);
  }

  private static AdaptiveBits.Options options(
      Optional<Path> folder, int threads, SensitivityListener listener) {
    return new AdaptiveBits.Options(folder, List.of(ServingRules.ANYTHING), threads, listener);
  }

  private static long bytes(Recipe recipe) {
    return ModelSize.ofQuantized(
            QuantizationPipeline.quantize(source, recipe, Optional.of(texts), 2, _ -> {})
                .checkpoint(),
            checkpoint,
            true)
        .wholeModelBytes();
  }

  @Test
  void doesLessHarmThanUniformBitsOfTheSameBytes() {
    AllocatedBits found = threeBits;
    Recipe uniform = Recipe.parse(Map.of("method", "rtn", "bits", 3));
    assertThat(bytes(found.recipe())).isLessThanOrEqualTo(bytes(uniform));
    assertThat(found.spent()).singleElement().asString().contains("bytes for layers and tables");
    assertThat(divergence(found.recipe())).isLessThan(0.8 * divergence(uniform));
    // Of several solutions the last one kept has the least divergence of all measured.
    List<AllocatedBits.Step> kept =
        found.steps().stream().filter(AllocatedBits.Step::kept).toList();
    assertThat(kept.getLast().measured())
        .isEqualTo(
            found.steps().stream().mapToDouble(AllocatedBits.Step::measured).min().orElseThrow());
  }

  @Test
  void countsTheTablesInTheBytesOfTheWholeModel() {
    long whole = bytes(Recipe.parse(Map.of("method", "rtn", "bits", 3)));

    AllocatedBits found =
        AdaptiveBits.resolve(
            source,
            adaptive(whole + "B", Map.of("passes", 0, "table_choices", "float,8")),
            texts,
            options(Optional.empty(), 2, SensitivityListener.NONE));

    assertThat(found.recipe().embedding().id()).isEqualTo("8");
    assertThat(bytes(found.recipe())).isBetween(whole - whole / 20, whole);
  }

  @Test
  void threadsDoNotMatterAndSensitivitiesAreReused(@TempDir Path folder) {
    List<String> told = new ArrayList<>();
    AllocatedBits first =
        AdaptiveBits.resolve(
            source,
            adaptive("3.0"),
            texts,
            options(Optional.of(folder), 1, SensitivityListener.NONE));
    AllocatedBits second =
        AdaptiveBits.resolve(
            source,
            adaptive("3.0"),
            texts,
            options(Optional.of(folder), 2, (what, _, _) -> told.add(what)));
    assertThat(second).isEqualTo(first);
    assertThat(threeBits).as("measured anew").isEqualTo(first);
    assertThat(told).doesNotContain("damage of single layers");
  }

  @Test
  void anInterruptedMeasurementGoesOnWhereItWas(@TempDir Path folder) {
    SensitivityStore store = new SensitivityStore(folder);
    AdaptiveBits.resolve(
        source, adaptive("2.5"), texts, options(Optional.of(folder), 2, SensitivityListener.NONE));
    Path file = folder.toFile().listFiles()[0].toPath();
    SensitivityTable whole = SensitivityTable.fromJson(read(file), file.toString());
    assertThat(store.find(whole.settings())).contains(whole);
    store.put(new SensitivityTable(whole.settings(), whole.damages().subList(0, 63)));
    int[] steps = {0};

    AdaptiveBits.resolve(
        source,
        adaptive("2.5"),
        texts,
        options(
            Optional.of(folder),
            2,
            (what, _, all) -> steps[0] = what.startsWith("damage of single") ? all : steps[0]));

    assertThat(steps[0]).isEqualTo(whole.damages().size() - 63);
    assertThat(store.find(whole.settings())).contains(whole);
  }

  @Test
  void keepsToWhatTheTargetLoads() {
    AllocatedBits found =
        AdaptiveBits.resolve(
            source,
            adaptive("3.0"),
            texts,
            new AdaptiveBits.Options(
                Optional.empty(),
                List.of(
                    rules(
                        "a stack",
                        (module, scheme) ->
                            scheme.bits() != 3
                                && (scheme.bits() == 4 || !module.contains("down_proj")),
                        List.of())),
                2,
                SensitivityListener.NONE));

    for (int layer = 0; layer < 6; layer++) {
      for (Projection projection : Projection.values()) {
        int bits = found.recipe().weightsOf(projection.module(layer)).bits();
        assertThat(bits).isIn(projection == Projection.DOWN ? List.of(4) : List.of(2, 4));
      }
    }
    assertThatThrownBy(() ->
            AdaptiveBits.resolve(
                source,
                adaptive("3.0"),
                texts,
                new AdaptiveBits.Options(
                    Optional.empty(),
                    List.of(rules("a stack", (_, _) -> false, List.of())),
                    2,
                    SensitivityListener.NONE)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("model.layers.0.self_attn.q_proj in 4 bits: a stack does not");
  }

  @Test
  void takesTheWayOfServingWithTheLeastDamageAndFusedLayersShareTheirBits() {
    Recipe recipe =
        Recipe.parse(
            Map.of(
                "method",
                "rtn",
                "bits",
                "adaptive",
                "budget",
                "3.0",
                "bit_choices",
                "2,3,4",
                "target",
                "somewhere"));
    List<List<Projection>> fused =
        List.of(
            List.of(Projection.QUERY, Projection.KEY, Projection.VALUE),
            List.of(Projection.GATE, Projection.UP));

    AllocatedBits found =
        AdaptiveBits.resolve(
            source,
            recipe,
            texts,
            new AdaptiveBits.Options(
                Optional.empty(),
                List.of(
                    rules("wide", (_, scheme) -> scheme.bits() == 4, fused),
                    rules("coarse", (_, scheme) -> scheme.bits() != 3, fused),
                    rules("fine", (_, _) -> true, fused)),
                2,
                SensitivityListener.NONE));

    for (int layer = 0; layer < 6; layer++) {
      for (List<Projection> together : fused) {
        int block = layer;
        assertThat(together.stream().map(part -> found.recipe().weightsOf(part.module(block))))
            .containsOnly(found.recipe().weightsOf(together.getFirst().module(layer)));
      }
    }
    assertThat(found.served().getFirst()).isEqualTo("for fine");
    assertThat(found.served().get(1))
        .startsWith("not for wide: the smallest choices take")
        .contains("are allowed");
    assertThat(found.served().get(2)).startsWith("not for coarse: KL to float");
    assertThat(AllocatedBits.found(recipe, found.notes())).contains(found.recipe());
    assertThat(AllocatedBits.found(recipe, List.of())).isEmpty();
  }

  private static ServingRules rules(
      String name, BiPredicate<String, WeightScheme> loads, List<List<Projection>> fused) {
    return new ServingRules(
        name,
        _ -> true,
        (module, scheme) ->
            loads.test(module, scheme) ? Optional.empty() : Optional.of(name + " does not"),
        fused,
        Optional.empty());
  }

  private static double divergence(Recipe recipe) {
    try (Tiles tiles = new Tiles(2);
        DivergenceMeter meter = new DivergenceMeter(source, Optional.empty(), texts, tiles)) {
      CandidatePool pool = new CandidatePool(source, recipe, texts, 2);
      for (int layer = 0; layer < 6; layer++) {
        for (Projection projection : Projection.values()) {
          String module = projection.module(layer);
          LayerChoice choice = new LayerChoice(recipe.weightsOf(module).bits(), 0);
          meter.set(layer, projection, pool.weight(module, choice));
        }
      }
      return DivergenceMeter.mean(meter.measure());
    }
  }

  private static String read(Path file) {
    try {
      return java.nio.file.Files.readString(file);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
