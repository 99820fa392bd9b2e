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
import java.util.Set;
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
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.scheme.StoredLinear;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The whole pipeline against the reference repository's own driver on a small trained model. */
class ReferenceDriverTest {

  private static final int SEGMENT = 128;
  private static final Set<String> METHODS =
      Set.of("rtn", "gptq", "gptaq", "awq", "smoothquant", "flatquant", "billm", "slim-llm");

  @TestFactory
  List<DynamicTest> perplexityAndWeightChangesAreTheReferences() throws IOException {
    Path folder = Golden.folder("e2e_stories260K");
    Path model = Golden.folder("stories260K");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path json : Golden.list(folder, ".json")) {
      String name = json.getFileName().toString();
      if (Golden.json(json).path("expected").has("ppl")
          && METHODS.contains(name.split("_", 2)[0])) {
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
              ReferenceRecipes.of(description),
              Optional.of(calibration(json.resolveSibling("calibration.safetensors"))),
              2,
              progress -> {});

      double found;
      try (TransformerModel quantized =
          TransformerModel.load(
              model.architecture(), checkpoint, result.checkpoint(), Precision.FP32)) {
        found = perplexity(quantized, folder);
      }
      checkPerplexity(found, expected.path("ppl").doubleValue(), tolerances);
      checkWeightChanges(
          result,
          expected.path("rel_weight_change_per_linear"),
          tolerances.path("rel_weight_change_rel").doubleValue(0));
      checkBits(result, expected.path("rel_weight_change_per_linear").path("bits_per_group"));
      if (golden.toFile().exists()) {
        checkWeights(result, golden);
        checkScales(result, golden, checkpoint);
      }
    }
  }

  private static void checkPerplexity(double found, double expected, JsonNode tolerances) {
    if (tolerances.has("ppl_must_be_below")) {
      assertThat(found)
          .as("perplexity, the reference has %s", expected)
          .isLessThan(tolerances.path("ppl_must_be_below").doubleValue());
      return;
    }
    assertThat(found)
        .as("perplexity")
        .isCloseTo(expected, within(expected * tolerances.path("ppl_rel").doubleValue()));
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
    if (!expected.has("model.layers.0.self_attn.q_proj.weight")) {
      return; // a transform changes weights too: the perplexity is the measure
    }
    assertThat(expected.size()).isEqualTo(result.layerErrors().size());
    for (LayerError error : result.layerErrors()) {
      String weight = error.projection().module(error.layer()) + ".weight";
      double change = expected.path(weight).doubleValue();
      assertThat(Math.sqrt(error.weightError()))
          .as("relative change of %s", weight)
          .isCloseTo(change, within(tolerance * change));
    }
  }

  /** SliM-LLM's bits per group: the same in at least 90 % of the layers. */
  private static void checkBits(QuantizationResult result, JsonNode expected) {
    if (expected.isEmpty()) {
      return;
    }
    assertThat(expected.size()).isEqualTo(result.layers().size());
    int same = 0;
    for (Map.Entry<String, JsonNode> layer : expected.properties()) {
      int[] bits = new int[layer.getValue().size()];
      Arrays.setAll(bits, group -> layer.getValue().get(group).intValue());
      MixedGroupLinear linear =
          (MixedGroupLinear) result.checkpoint().linears().get(layer.getKey());
      same += linear != null && Arrays.equals(linear.bitsPerGroup(), bits) ? 1 : 0;
    }
    assertThat((double) same / expected.size()).as("layers of equal bits").isGreaterThan(0.899);
  }

  /** Weights of single layers, named {@code layers.0.q_proj}; a flipped code moves its row. */
  private static void checkWeights(QuantizationResult result, Path golden) {
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(golden)) {
      for (String name : checkpoint.names()) {
        if (name.startsWith("scale.")) {
          continue;
        }
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

  /** Scales that norms absorbed, named {@code scale.model.layers.0.input_layernorm}. */
  private static void checkScales(QuantizationResult result, Path golden, Checkpoint model) {
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(golden)) {
      for (String name : checkpoint.names()) {
        if (!name.startsWith("scale.") || !name.endsWith("norm")) {
          continue;
        }
        String norm = name.substring("scale.".length()) + ".weight";
        float[] scales = Golden.floats(checkpoint, name);
        float[] before = Golden.floats(model, norm);
        float[] after = result.checkpoint().floats().get(norm).values();
        for (int k = 0; k < scales.length; k++) {
          assertThat(after[k])
              .as("%s of channel %d", name, k)
              .isCloseTo(before[k] / scales[k], within(1e-4f * Math.abs(before[k] / scales[k])));
        }
      }
    }
  }
}
