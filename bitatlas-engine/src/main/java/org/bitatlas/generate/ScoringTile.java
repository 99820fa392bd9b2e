package org.bitatlas.generate;

import java.util.Arrays;
import java.util.List;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** Scores one batch of requests. The head runs on the scored positions only. */
final class ScoringTile {

  private final TransformerModel model;
  private final int maxLogits;

  ScoringTile(TransformerModel model, int maxLogits) {
    this.model = model;
    this.maxLogits = maxLogits;
  }

  /** Writes the scores of the requests at {@code indexes} to {@code results}. */
  void run(List<ScoringRequest> requests, int[] indexes, TokenScores[] results) {
    int[][] inputs = new int[indexes.length][];
    int longest = 0;
    int count = 0;
    for (int row = 0; row < indexes.length; row++) {
      ScoringRequest request = requests.get(indexes[row]);
      int[] ids = request.tokenIds();
      // The last token is only predicted, never an input.
      inputs[row] = Arrays.copyOf(ids, ids.length - 1);
      longest = Math.max(longest, inputs[row].length);
      count += ids.length - request.from();
    }
    long[] positions = new long[count];
    long[] targets = new long[count];
    int next = 0;
    for (int row = 0; row < indexes.length; row++) {
      ScoringRequest request = requests.get(indexes[row]);
      for (int t = request.from(); t < request.tokenIds().length; t++) {
        positions[next] = (long) row * longest + t - 1;
        targets[next] = request.tokenIds()[t];
        next++;
      }
    }
    double[] logProbabilities = new double[count];
    boolean[] greedy = new boolean[count];
    if (count > 0) {
      score(inputs, longest, positions, targets, logProbabilities, greedy);
    }
    int start = 0;
    for (int index : indexes) {
      int length = requests.get(index).tokenIds().length - requests.get(index).from();
      results[index] =
          new TokenScores(
              Arrays.copyOfRange(logProbabilities, start, start + length),
              Arrays.copyOfRange(greedy, start, start + length));
      start += length;
    }
  }

  private void score(
      int[][] inputs,
      int longest,
      long[] positions,
      long[] targets,
      double[] logProbabilities,
      boolean[] greedy) {
    int chunk = Math.max(1, maxLogits / model.architecture().vocabularySize());
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden =
          model
              .hidden(inputs)
              .view((long) inputs.length * longest, model.architecture().hiddenSize());
      for (int start = 0; start < positions.length; start += chunk) {
        int end = Math.min(positions.length, start + chunk);
        try (TensorScope _ = TensorScope.open()) {
          long[] wanted = Arrays.copyOfRange(positions, start, end);
          long[] expected = Arrays.copyOfRange(targets, start, end);
          Tensor logits =
              model.head(
                  hidden.indexSelect(
                      0, Tensor.fromLongs(wanted, wanted.length).to(hidden.device())));
          long[] best = logits.argmax(1).toLongs();
          double[] chosen =
              logits
                  .gather(1, Tensor.fromLongs(expected, expected.length, 1).to(logits.device()))
                  .toDoubles();
          double[] normaliser = logits.to(ElementType.F64).logSumExp(1).toDoubles();
          for (int i = 0; i < wanted.length; i++) {
            logProbabilities[start + i] = chosen[i] - normaliser[i];
            greedy[start + i] = best[i] == expected[i] && Double.isFinite(chosen[i]);
          }
        }
      }
    }
  }
}
