package org.bitatlas.quant.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Predicted sizes against published parameter counts and against quantized checkpoints. */
class OutputSizeTest {

  private static Recipe recipe(String options) {
    Map<String, String> all =
        Arrays.stream(options.split(" "))
            .map(option -> option.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    return Recipe.parse(all);
  }

  /** With every layer excluded the output is the float model: two bytes per parameter. */
  @Test
  void publishedParameterCountsComeOut() {
    Recipe nothing = recipe("method=rtn bits=4 exclude=layers.");
    assertThat(OutputSize.of(NamedShapes.named("openpangu-1b"), nothing, 2))
        .isEqualTo(2 * 1_155_912_192L);
    assertThat(OutputSize.of(NamedShapes.named("OpenPangu-7B"), nothing, 2))
        .isEqualTo(2 * 8_030_887_936L);
    assertThat(OutputSize.of(NamedShapes.named("llama-2-7b"), nothing, 2))
        .isEqualTo(2 * 6_738_415_616L);
    assertThat(OutputSize.of(NamedShapes.named("r1-distill-qwen-7b"), nothing, 2))
        .isEqualTo(2 * 7_615_616_512L);
    assertThatThrownBy(() -> NamedShapes.named("gpt-5"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("There is no shape 'gpt-5'; known are openpangu-1b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "method=rtn bits=4",
        "method=rtn bits=3 group_size=100",
        "method=rtn bits=4 exclude=down_proj",
        "method=rtn bits=4 embedding=8",
        "method=rtn bits=4 head=8",
        "method=rtn bits=4 embedding=4g32 head=8",
        "method=billm block_size=64",
        "method=gptq bits=4 group_size=32 act_order=true",
        "method=gptq bits=4 group_size=32 act_order=true static_groups=true",
      })
  void theSizeIsThatOfTheCheckpoint(String options, @TempDir Path cache) {
    Nano nano = Nano.open(cache);
    Recipe recipe = recipe(options);
    Path folder = nano.model(Nano.SMALL).orElseThrow();
    try (ModelFolder model = ModelFolder.open(folder)) {
      Optional<CalibrationSet> set =
          recipe.needsCalibration()
              ? Optional.of(
                  CalibrationSets.fromJsonLines(
                      nano.calibrationFile(),
                      ChatTokenizers.load(folder).tokenizer(),
                      new CalibrationSets.Selection(4, 64, 0)))
              : Optional.empty();
      QuantizedCheckpoint quantized =
          QuantizationPipeline.quantize(
                  new QuantizationPipeline.Source("nano", model.architecture(), model.checkpoint()),
                  recipe,
                  set,
                  1,
                  _ -> {})
              .checkpoint();
      int bytes = model.checkpoint().get("model.embed_tokens.weight").type().bits() / Byte.SIZE;
      assertThat(OutputSize.of(model.architecture(), recipe, bytes))
          .isEqualTo(
              ModelSize.ofQuantized(
                      quantized, model.checkpoint(), model.architecture().tiedEmbeddings())
                  .wholeModelBytes());
    }
  }
}
