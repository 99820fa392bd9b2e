package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.model.GoldenModels;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A trained model (stories260K): scores, perplexity and greedy text against the reference. */
class StoriesTest {

  private TransformerModel model;
  private Checkpoint golden;
  private JsonNode expected;
  private int[] text;

  @BeforeEach
  void load() throws IOException {
    Path folder = GoldenModels.stories();
    golden = SafetensorsCheckpoint.open(folder.resolve("expected.safetensors"));
    expected = GoldenModels.json(folder.resolve("expected.json")).get("expected");
    text = GoldenModels.ids(golden, "ids_text");
    try (ModelFolder opened = ModelFolder.open(folder)) {
      model = opened.load(Precision.FP32);
    }
  }

  @AfterEach
  void close() {
    if (golden != null) {
      golden.close();
    }
    if (model != null) {
      model.close();
    }
  }

  @Test
  void logits() {
    try (TensorScope _ = TensorScope.open()) {
      GoldenModels.assertClose(
          "logits_first_64",
          model.logits(new int[][] {Arrays.copyOf(text, 64)}).toDoubles(),
          GoldenModels.doubles(golden, "logits_first_64"));
    }
  }

  @Test
  void logProbabilities() {
    double[] reference = GoldenModels.doubles(golden, "token_logprob_first_256");
    TokenScores scores =
        new TransformerLanguageModel(model, 2)
            .score(List.of(new ScoringRequest(Arrays.copyOf(text, 256), 1)))
            .getFirst();
    GoldenModels.assertClose("log-probabilities", scores.logProbabilities(), reference);
    double sum = expected.get("nll_sum_first_256").asDouble();
    assertThat(-scores.sum()).isCloseTo(sum, within(1e-4 * sum));
  }

  @Test
  void perplexityOfSegments() {
    for (var entry : expected.get("ppl_gptq_style").properties()) {
      int length = Integer.parseInt(entry.getKey());
      int segments = text.length / length;
      assertThat(segments).isEqualTo(entry.getValue().get("segments").asInt());
      List<ScoringRequest> requests = new ArrayList<>();
      for (int i = 0; i < segments; i++) {
        requests.add(new ScoringRequest(Arrays.copyOfRange(text, i * length, (i + 1) * length), 1));
      }
      double sum = 0;
      for (TokenScores scores : new TransformerLanguageModel(model, 2).score(requests)) {
        sum += -scores.sum() / (length - 1) * length;
      }
      double perplexity = Math.exp(sum / ((double) segments * length));
      double reference = entry.getValue().get("ppl").asDouble();
      assertThat(perplexity).isCloseTo(reference, within(1e-4 * reference));
    }
  }

  @Test
  void greedyContinuations() {
    List<GenerationRequest> requests = new ArrayList<>();
    List<List<Integer>> references = new ArrayList<>();
    for (JsonNode entry : expected.get("greedy")) {
      if (entry.get("smallest_top1_top2_margin").asDouble() <= 1e-3) {
        continue; // decided by rounding
      }
      int[] ids = GoldenModels.ids(entry.get("new_ids"));
      references.add(Arrays.stream(ids).boxed().toList());
      requests.add(
          new GenerationRequest(
              GoldenModels.ids(entry.get("prompt_ids")),
              ids.length,
              new Sampling.Greedy(),
              Set.of()));
    }
    List<Generation> generations =
        new TransformerLanguageModel(model, 2).generate(requests, _ -> {});
    assertThat(generations).extracting(Generation::tokenIds).isEqualTo(references);
    assertThat(generations).extracting(Generation::reason).containsOnly(Generation.Reason.LENGTH);
  }
}
