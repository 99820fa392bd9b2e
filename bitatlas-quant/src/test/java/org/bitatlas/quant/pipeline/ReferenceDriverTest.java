package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.scheme.StoredLinear;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The whole pipeline against the reference repository's own driver on a small trained model. */
class ReferenceDriverTest {

  private static final int SEGMENT = 128;

  @TestFactory
  List<DynamicTest> perplexityAndWeightChangesAreTheReferences() throws IOException {
    Path folder = Golden.folder("e2e_stories260K");
    Path model = Golden.folder("stories260K");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path json : Golden.list(folder, ".json")) {
      String name = json.getFileName().toString();
      if (name.startsWith("rtn_") || name.startsWith("gptq_")) {
        tests.add(DynamicTest.dynamicTest(name, () -> check(json, model)));
      }
    }
    return tests;
  }

  private static void check(Path json, Path folder) throws IOException {
    JsonNode description = Golden.json(json);
    JsonNode expected = description.path("expected");
    JsonNode tolerances = description.path("tolerances");
    Path golden =
        json.resolveSibling(json.getFileName().toString().replace(".json", ".safetensors"));
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(folder);
        TransformerModel model =
            TransformerModel.load(
                ArchitectureReader.read(folder.resolve("config.json")),
                checkpoint,
                Precision.FP32)) {
      double floatPerplexity = expected.path("ppl_fp").doubleValue();
      assertThat(perplexity(model, folder))
          .as("float perplexity")
          .isCloseTo(floatPerplexity, within(1e-4 * floatPerplexity));

      QuantizationResult result =
          QuantizationPipeline.quantize(
              new QuantizationPipeline.Source("stories260K", model.architecture(), checkpoint),
              recipe(description.path("options")),
              Optional.of(calibration(json.resolveSibling("calibration.safetensors"))),
              2,
              progress -> {});

      double perplexity = expected.path("ppl").doubleValue();
      double found;
      try (TransformerModel quantized =
          TransformerModel.load(
              model.architecture(), checkpoint, result.checkpoint(), Precision.FP32)) {
        found = perplexity(quantized, folder);
      }
      assertThat(found)
          .as("perplexity")
          .isCloseTo(perplexity, within(perplexity * tolerances.path("ppl_rel").doubleValue()));
      checkWeightChanges(
          result,
          expected.path("rel_weight_change_per_linear"),
          tolerances.path("rel_weight_change_rel").doubleValue());
      if (golden.toFile().exists()) {
        checkWeights(result, golden);
      }
    }
  }

  private static Recipe recipe(JsonNode options) {
    boolean symmetric = options.path("sym").booleanValue();
    boolean nearest = options.path("nearest").booleanValue();
    return Recipe.of(
            WeightScheme.of(
                options.path("wbits").intValue(),
                Math.max(0, options.path("groupsize").intValue()),
                symmetric ? Grid.GPTQ_SYMMETRIC : Grid.GPTQ_ASYMMETRIC),
            nearest
                ? new Rounding.Nearest()
                : new Gptq(
                    options.path("percdamp").doubleValue(),
                    Gptq.DEFAULT.blockSize(),
                    options.path("act_order").booleanValue(),
                    options.path("static_groups").booleanValue(),
                    options.path("true_sequential").booleanValue()))
        .withQuirks(true);
  }

  private static CalibrationSet calibration(Path file) {
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(file)) {
      float[] ids = Golden.floats(checkpoint, "calibration_ids");
      int length = Golden.size(checkpoint, "calibration_ids", 1);
      List<int[]> sequences = new ArrayList<>();
      for (int from = 0; from < ids.length; from += length) {
        int[] sequence = new int[length];
        for (int t = 0; t < length; t++) {
          sequence[t] = (int) ids[from + t];
        }
        sequences.add(sequence);
      }
      return CalibrationSets.ofIds(sequences, file.getFileName().toString());
    }
  }

  /** Whole segments, each on its own, mean over the predictions. */
  private static double perplexity(TransformerModel model, Path folder) {
    try (Checkpoint expected = SafetensorsCheckpoint.open(folder.resolve("expected.safetensors"))) {
      float[] text = Golden.floats(expected, "ids_text");
      List<ScoringRequest> segments = new ArrayList<>();
      for (int from = 0; from + SEGMENT <= text.length; from += SEGMENT) {
        int[] ids = new int[SEGMENT];
        for (int t = 0; t < SEGMENT; t++) {
          ids[t] = (int) text[from + t];
        }
        segments.add(new ScoringRequest(ids, 1));
      }
      List<TokenScores> scores = new TransformerLanguageModel(model, 2).score(segments);
      double sum = scores.stream().mapToDouble(TokenScores::sum).sum();
      return Math.exp(-sum / (segments.size() * (SEGMENT - 1)));
    }
  }

  private static void checkWeightChanges(
      QuantizationResult result, JsonNode expected, double tolerance) {
    assertThat(expected.size()).isEqualTo(result.layerErrors().size());
    for (LayerError error : result.layerErrors()) {
      String weight = error.projection().module(error.layer()) + ".weight";
      double change = expected.path(weight).doubleValue();
      assertThat(Math.sqrt(error.weightError()))
          .as("relative change of %s", weight)
          .isCloseTo(change, within(tolerance * change));
    }
  }

  /** Weights of single layers, named {@code layers.0.q_proj}; a flipped code moves its row. */
  private static void checkWeights(QuantizationResult result, Path golden) {
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(golden)) {
      for (String name : checkpoint.names()) {
        List<String> parts = Arrays.asList(name.split("\\."));
        StoredLinear linear =
            result.checkpoint().linears().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("model.layers." + parts.get(1) + "."))
                .filter(entry -> entry.getKey().endsWith("." + parts.get(2)))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow();
        float[] expected = Golden.floats(checkpoint, name);
        float[] found = linear.dequantize();
        int differing = 0;
        float greatest = 0;
        for (float value : expected) {
          greatest = Math.max(greatest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
          differing += Math.abs(found[i] - expected[i]) <= 1e-3 * greatest ? 0 : 1;
        }
        assertThat((double) differing / expected.length).as(name).isLessThanOrEqualTo(0.01);
      }
    }
  }
}
