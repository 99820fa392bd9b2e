package org.bitatlas.quant.sensitivity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The smaller embedded model, few tokens. */
class SingleLayersTest {

  private static Checkpoint checkpoint;
  private static Source source;
  private static CalibrationSet texts;

  @BeforeAll
  static void open(@TempDir Path cache) {
    Nano nano = Nano.open(cache);
    Path folder = nano.model("nano-small").orElseThrow();
    checkpoint = SafetensorsCheckpoint.open(folder);
    source =
        new Source(
            "nano-small", ArchitectureReader.read(folder.resolve("config.json")), checkpoint);
    texts =
        CalibrationSets.fromJsonLines(
            nano.calibrationFile(),
            ChatTokenizers.load(folder).tokenizer(),
            new Selection(2, 32, 0));
  }

  @AfterAll
  static void close() {
    checkpoint.close();
  }

  private static QuantizedCheckpoint made(Recipe recipe) {
    return QuantizationPipeline.quantize(source, recipe, Optional.of(texts), 1, _ -> {})
        .checkpoint();
  }

  private static SingleLayers.Damages damages(Recipe recipe, QuantizedCheckpoint quantized) {
    return SingleLayers.measure(
        source,
        made(recipe.at(Position.TRANSFORMED)),
        quantized,
        texts,
        1,
        SensitivityListener.NONE);
  }

  @Test
  void aLayerAloneIsThatLayerInAFloatModel() {
    Recipe recipe = Recipe.rtn(3, 0);
    QuantizedCheckpoint quantized = made(recipe);
    SingleLayers.Damages found = damages(recipe, quantized);

    assertThat(found.layers())
        .extracting(LayerAlone::module)
        .hasSize(quantized.linears().size())
        .startsWith(Projection.QUERY.module(0))
        .endsWith(Projection.DOWN.module(source.architecture().layers() - 1));
    assertThat(found.layers()).allMatch(layer -> layer.inputs().isEmpty());
    LayerAlone worst =
        found.layers().stream().max(Comparator.comparingDouble(LayerAlone::both)).orElseThrow();
    assertThat(worst.both()).isEqualTo(worst.weights());
    SequencedMap<String, StoredLinear> only = new LinkedHashMap<>();
    only.put(worst.module(), quantized.linears().get(worst.module()));
    assertThat(divergence(new QuantizedCheckpoint(only, quantized.provenance())))
        .isCloseTo(worst.both(), within(1e-6));
    assertThat(divergence(quantized)).isCloseTo(found.all(), within(1e-6));
    assertThat(found.all()).isGreaterThan(Math.max(found.attention(), found.mlp()));
  }

  @Test
  void weightsAndInputsOfALayerAreToldApart() {
    Recipe recipe =
        Recipe.parse(Map.of("method", "smoothquant", "bits", 8, "a_bits", 4, "alpha", 0.85));
    QuantizedCheckpoint quantized = made(recipe);
    SingleLayers.Damages found = damages(recipe, quantized);

    assertThat(found.layers())
        .allSatisfy(layer -> {
          assertThat(layer.inputs().orElseThrow()).isGreaterThan(layer.weights());
          assertThat(layer.both()).isCloseTo(layer.inputs().orElseThrow(), within(2e-3));
        });
    assertThat(divergence(quantized)).isCloseTo(found.all(), within(1e-5));
  }

  @Test
  void theErrorGrowsFromBlockToBlock() {
    List<BlockDrift> coarse = ErrorGrowth.measure(source, made(Recipe.rtn(3, 0)), texts);
    List<BlockDrift> fine = ErrorGrowth.measure(source, made(Recipe.rtn(8, 0)), texts);

    assertThat(coarse).hasSize(source.architecture().layers());
    assertThat(coarse.getLast().error()).isGreaterThan(coarse.getFirst().error());
    for (int layer = 0; layer < coarse.size(); layer++) {
      assertThat(coarse.get(layer).error()).isGreaterThan(50 * fine.get(layer).error());
      assertThat(coarse.get(layer).nonFinite()).isZero();
      assertThat(coarse.get(layer).range()).isPositive();
    }
  }

  private static double divergence(QuantizedCheckpoint parts) {
    try (Tiles tiles = new Tiles(1);
        DivergenceMeter meter = new DivergenceMeter(source, Optional.of(parts), texts, tiles)) {
      return DivergenceMeter.mean(meter.measure());
    }
  }
}
