package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.eval.statistics.KlDivergence;
import org.bitatlas.generate.BatchLimits;
import org.bitatlas.generate.ReferencedLanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenDivergences;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationResult;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

/** The distance of a quantized model to float equals that of the two logits, row by row. */
class DistanceToFloatTest {

  @Test
  void everyPositionOverTheWholeVocabulary() {
    try (ModelFolder opened = ModelFolder.open(Nano.open().modelFolder());
        TransformerModel truth = opened.load(Precision.FP32, Execution.SIMULATED, 1, Device.CPU);
        TransformerModel rounded = rounded(opened)) {
      List<ScoringRequest> requests = List.of(request(40, 1), request(23, 7), request(9, 8));
      // Few logits at a time, so that positions are cut into parts.
      int vocabulary = truth.architecture().vocabularySize();
      TransformerLanguageModel language =
          new TransformerLanguageModel(rounded, 1, new BatchLimits(8, 512, 512, 80 * vocabulary));
      List<TokenScores> scores = new ReferencedLanguageModel(language, truth).score(requests);
      List<TokenScores> plain = language.score(requests);
      for (int i = 0; i < requests.size(); i++) {
        ScoringRequest request = requests.get(i);
        TokenDivergences distance = scores.get(i).distance().orElseThrow();
        assertThat(distance.changes()).hasSize(request.tokenIds().length - request.from());
        assertThat(scores.get(i).logProbabilities())
            .containsExactly(plain.get(i).logProbabilities(), within(1e-4));
        float[][] before = logits(truth, request.tokenIds());
        float[][] after = logits(rounded, request.tokenIds());
        for (int t = 0; t < distance.changes().length; t++) {
          int place = request.from() + t - 1;
          int token = request.tokenIds()[place + 1];
          double expected = KlDivergence.of(before[place], after[place]);
          assertThat(distance.divergences()[t]).isCloseTo(expected, within(1e-4 + 1e-3 * expected));
          assertThat(distance.changes()[t])
              .isCloseTo(
                  probability(after[place], token) - probability(before[place], token),
                  within(1e-4));
          assertThat(distance.sameTop()[t])
              .isEqualTo(KlDivergence.sameTop(before[place], after[place]));
        }
      }
    }
  }

  @Test
  void aModelIsAtNoDistanceFromItself() {
    try (ModelFolder opened = ModelFolder.open(Nano.open().modelFolder());
        TransformerModel truth = opened.load(Precision.FP32, Execution.SIMULATED, 1, Device.CPU)) {
      TokenDivergences distance =
          new ReferencedLanguageModel(new TransformerLanguageModel(truth, 1), truth)
              .score(List.of(request(64, 1), request(50, 1)))
              .getFirst()
              .distance()
              .orElseThrow();
      for (double divergence : distance.divergences()) {
        assertThat(divergence).isBetween(0.0, 1e-7);
      }
      assertThat(distance.sameTop()).doesNotContain(false);
    }
  }

  @Test
  void throughThePagedCacheFloatIsAtARoundingsDistanceFromItself() {
    try (ModelFolder opened = ModelFolder.open(Nano.open().modelFolder());
        TransformerModel truth = opened.load(Precision.FP32, Execution.SIMULATED, 1, Device.CPU)) {
      List<ScoringRequest> requests =
          List.of(request(64, 1), request(50, 20), request(2, 1), request(33, 32));
      TransformerLanguageModel paged =
          new TransformerLanguageModel(truth, 1, BatchLimits.DEFAULT, true);
      List<TokenScores> other = new ReferencedLanguageModel(paged, truth).score(requests);
      List<TokenScores> plain = new TransformerLanguageModel(truth, 1).score(requests);
      List<TokenScores> alone = paged.score(requests);
      for (int i = 0; i < requests.size(); i++) {
        assertThat(other.get(i).logProbabilities())
            .containsExactly(plain.get(i).logProbabilities(), within(1e-3));
        assertThat(alone.get(i).logProbabilities())
            .containsExactly(other.get(i).logProbabilities(), within(1e-3));
        for (double divergence : other.get(i).distance().orElseThrow().divergences()) {
          assertThat(divergence).isBetween(0.0, 1e-6);
        }
      }
      assertThat(other.getFirst().sum()).isNotEqualTo(plain.getFirst().sum());
    }
  }

  private static TransformerModel rounded(ModelFolder opened) {
    QuantizationResult result =
        QuantizationPipeline.quantize(
            new QuantizationPipeline.Source("nano", opened.architecture(), opened.checkpoint()),
            FakeStudies.recipe("RTN W4"),
            Optional.empty(),
            1,
            _ -> {});
    return TransformerModel.load(
        opened.architecture(),
        opened.checkpoint(),
        result.checkpoint(),
        Precision.FP32,
        Execution.SIMULATED,
        1,
        Device.CPU);
  }

  private static ScoringRequest request(int length, int from) {
    SplittableRandom random = new SplittableRandom(length);
    return new ScoringRequest(random.ints(length, 1, 2000).toArray(), from);
  }

  private static float[][] logits(TransformerModel model, int[] ids) {
    try (TensorScope _ = TensorScope.open()) {
      float[] all = model.logits(new int[][] {ids}).toFloats();
      float[][] rows = new float[ids.length][all.length / ids.length];
      for (int i = 0; i < all.length; i++) {
        rows[i / rows[0].length][i % rows[0].length] = all[i];
      }
      return rows;
    }
  }

  private static double probability(float[] logits, int token) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - logits[token]);
    }
    return 1 / sum;
  }
}
