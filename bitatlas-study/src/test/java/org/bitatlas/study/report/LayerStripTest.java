package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.study.FakeLayers;
import org.bitatlas.study.FakeStudies;
import org.bitatlas.study.map.MapRow;
import org.junit.jupiter.api.Test;

class LayerStripTest {

  private static MapRow row(String activationBits) {
    SequencedMap<String, String> options = new LinkedHashMap<>(Map.of("a_bits", activationBits));
    List<LayerReport> layers = FakeLayers.of(FakeStudies.recipe("GPTQ W2"));
    return new MapRow(
        "nano",
        "GPTQ W2",
        "GPTQ",
        2,
        options,
        Optional.empty(),
        "",
        List.of(),
        layers.stream().map(LayerReport::error).toList(),
        layers);
  }

  private static List<String> measures(MapRow row) {
    return LayerStrip.meanings(List.of(row)).stream().map(m -> m.getOrDefault("name", "")).toList();
  }

  @Test
  void activationRangesBelongToWeightActivationSchemes() {
    assertThat(measures(row("16"))).hasSize(8).noneMatch(name -> name.contains("range of a token"));
    assertThat(measures(row("4")))
        .hasSize(13)
        .endsWith(
            "Activation range: smallest",
            "Activation range: largest",
            "Activation range of a token",
            "Dynamic range over tokens",
            "Spread of the token ranges, %");
    assertThat(tables(row("16"))).isEqualTo(7);
    assertThat(tables(row("4"))).isEqualTo(12);
  }

  private static int tables(MapRow row) {
    Map<String, Object> strip = LayerStrip.of(List.of(row), MapRow::recipe).getFirst();
    return strip.get("more") instanceof List<?> more ? more.size() : 0;
  }

  @Test
  void coloursFollowALogarithm() {
    LayerMeasure error = LayerMeasure.OUTPUT_ERROR;
    assertThat(error.level(1e-4)).isZero();
    assertThat(error.level(2e-4)).isEqualTo(1);
    assertThat(error.level(0.011)).isEqualTo(5);
    assertThat(error.level(100)).isEqualTo(8);
    assertThat(error.level(Double.NaN)).isZero();
    assertThat(LayerMeasure.SMALLEST.level(-3)).isEqualTo(2);
  }

  @Test
  void numbersFitANarrowColumn() {
    assertThat(List.of(0.0, 1e-6, 0.01234, 0.1234, 1.234, 99.95, 12345.6, 123456.0))
        .extracting(Figures::compact)
        .containsExactly("0", "<.001", "0.012", "0.12", "1.2", "100", "12346", "1e+05");
    assertThat(Figures.compact(-2.5)).isEqualTo("−2.5");
    assertThat(Figures.compact(Double.NaN)).isEqualTo("–");
  }

  @Test
  void everyMeasureSaysWhatItMeans() {
    assertThat(LayerMeasure.values())
        .allSatisfy(measure -> assertThat(measure.meaning()).isNotBlank());
  }
}
