package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bitatlas.model.GoldenModels;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The embedded model against its golden logits and greedy continuations. */
class EmbeddedModelTest {

  private record Case(String name, int[] prompt, JsonNode golden) {}

  private static final List<Case> CASES = new ArrayList<>();
  private static TransformerModel model;

  @BeforeAll
  static void load() throws IOException {
    Path file = GoldenModels.oracles().resolve("nano/golden.json");
    assumeTrue(Files.isRegularFile(file), "no golden cases in " + file);
    for (JsonNode prompt : GoldenModels.json(file).get("prompts")) {
      for (var mode : prompt.get("modes").properties()) {
        CASES.add(
            new Case(
                prompt.get("suite").asString() + " " + mode.getKey(),
                GoldenModels.ids(mode.getValue().get("prompt_ids")),
                mode.getValue()));
      }
    }
    try (ModelFolder opened = ModelFolder.open(GoldenModels.nano())) {
      model = opened.load(Precision.FP32);
    }
  }

  @AfterAll
  static void close() {
    CASES.clear();
    if (model != null) {
      model.close();
    }
  }

  @Test
  void logitsAfterThePrompt() {
    for (Case golden : CASES) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor logits = model.logits(new int[][] {golden.prompt()});
        Tensor last = logits.select(1, golden.prompt().length - 1);
        double[] values = last.toDoubles();
        int[] best = GoldenModels.ids(golden.golden().get("top10_ids"));
        double[] actual = Arrays.stream(best).mapToDouble(id -> values[id]).toArray();
        double[] expected = new double[best.length];
        Arrays.setAll(expected, i -> golden.golden().get("top10_logits").get(i).asDouble());
        GoldenModels.assertClose(golden.name(), actual, expected);
        double logSumExp = golden.golden().get("logsumexp").asDouble();
        assertThat(last.logSumExp(1).item())
            .as(golden.name())
            .isCloseTo(logSumExp, within(1e-4 * Math.abs(logSumExp)));
      }
    }
  }

  @Test
  void batchedGreedyContinuations() {
    int stop = model.architecture().endOfSequenceIds().getFirst();
    List<Generation> generations =
        new TransformerLanguageModel(model, 2).generate(requests(48), _ -> {});
    for (int i = 0; i < CASES.size(); i++) {
      int[] ids = GoldenModels.ids(CASES.get(i).golden().get("greedy_ids"));
      boolean stopped = ids[ids.length - 1] == stop;
      int[] reply = stopped ? Arrays.copyOf(ids, ids.length - 1) : ids;
      assertThat(generations.get(i).tokenIds())
          .as(CASES.get(i).name())
          .isEqualTo(Arrays.stream(reply).boxed().toList());
      assertThat(generations.get(i).reason())
          .as(CASES.get(i).name())
          .isEqualTo(stopped ? Generation.Reason.STOP_TOKEN : Generation.Reason.LENGTH);
    }
  }

  @Test
  void bf16IsNearFp32() {
    try (ModelFolder opened = ModelFolder.open(GoldenModels.nano());
        TransformerModel rounded = opened.load(Precision.BF16);
        TensorScope _ = TensorScope.open()) {
      int[][] prompt = {CASES.getFirst().prompt()};
      double[] exact = model.logits(prompt).toDoubles();
      double[] near = rounded.logits(prompt).toDoubles();
      // bf16 keeps 8 bits: 2^-8 per rounding, some dozens of roundings deep.
      assertThat(GoldenModels.relativeDifference(near, exact)).isBetween(1e-5, 0.03);
    }
  }

  @Test
  void theSameBytesForAnyNumberOfThreads() {
    BatchLimits small = new BatchLimits(5, 16_384, 150, 1 << 14);
    List<ScoringRequest> scoring =
        CASES.stream().map(golden -> new ScoringRequest(golden.prompt(), 1)).toList();
    var one = new TransformerLanguageModel(model, 1, small);
    var two = new TransformerLanguageModel(model, 2, small);
    assertThat(two.generate(requests(24), _ -> {})).isEqualTo(one.generate(requests(24), _ -> {}));
    List<TokenScores> first = one.score(scoring);
    List<TokenScores> second = two.score(scoring);
    for (int i = 0; i < scoring.size(); i++) {
      assertThat(second.get(i).logProbabilities()).isEqualTo(first.get(i).logProbabilities());
      assertThat(second.get(i).greedy()).isEqualTo(first.get(i).greedy());
    }
  }

  private static List<GenerationRequest> requests(int budget) {
    Set<Integer> stopIds = Set.copyOf(model.architecture().endOfSequenceIds());
    return CASES.stream()
        .map(golden ->
            new GenerationRequest(golden.prompt(), budget, new Sampling.Greedy(), stopIds))
        .toList();
  }
}
