package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bitatlas.model.GoldenModels;
import org.bitatlas.model.TinyModel;
import org.bitatlas.model.TransformerModel;
import org.junit.jupiter.api.Test;

/** Choices of one question are scored on one reading of it. */
class SharedContextsTest {

  private static List<ScoringRequest> requests() {
    SplittableRandom random = new SplittableRandom(8);
    List<ScoringRequest> requests = new ArrayList<>();
    for (int length : new int[] {33, 64, 17, 90, 5, 600}) {
      int[] context = random.ints(length, 0, 61).toArray();
      for (int choice : new int[] {1, 4, 2, 11}) {
        int[] own = random.ints(choice, 0, 61).toArray();
        int[] whole = IntStream.concat(IntStream.of(context), IntStream.of(own)).toArray();
        requests.add(requests.size() % 3, new ScoringRequest(whole, length));
      }
    }
    requests.add(new ScoringRequest(random.ints(40, 0, 61).toArray(), 1));
    requests.add(new ScoringRequest(random.ints(20, 0, 61).toArray(), 20));
    return requests;
  }

  @Test
  void scoresAreThoseOfWholeSequences() {
    try (TransformerModel model = TinyModel.load(0)) {
      List<ScoringRequest> requests = requests();
      BatchLimits limits = new BatchLimits(4, 64, 200, 300);
      List<TokenScores> one = new TransformerLanguageModel(model, 1, limits).score(requests);
      List<TokenScores> two = new TransformerLanguageModel(model, 2, limits).score(requests);
      for (int i = 0; i < requests.size(); i++) {
        TokenScores[] alone = new TokenScores[1];
        new ScoringTile(model, 300, () -> false)
            .run(List.of(requests.get(i)), new int[] {0}, alone);
        assertThat(one.get(i).greedy()).isEqualTo(alone[0].greedy());
        assertThat(two.get(i).logProbabilities()).isEqualTo(one.get(i).logProbabilities());
        if (alone[0].greedy().length > 0) {
          GoldenModels.assertClose(
              "request " + i, one.get(i).logProbabilities(), alone[0].logProbabilities());
        }
      }
    }
  }

  @Test
  void aContextIsReadOnce() {
    List<ScoringRequest> requests = requests();
    SharedContexts shared = SharedContexts.of(requests);
    // The context of 5 tokens is not worth it.
    assertThat(shared.groups()).hasSize(5).allSatisfy(group -> assertThat(group).hasSize(4));
    assertThat(shared.alone()).hasSize(6);
    long expected = 33 + 64 + 17 + 90 + 600 + 5 * (0 + 3 + 1 + 10);
    try (TransformerModel model = TinyModel.load(0)) {
      TokenScores[] results = new TokenScores[requests.size()];
      long computed =
          new ScoringTile(model, 300, () -> false).runShared(requests, shared.groups(), results);
      assertThat(computed).isEqualTo(expected);
      assertThat(
              shared.groups().stream()
                  .mapToInt(group -> SharedContexts.tokens(requests, group))
                  .sum())
          .isEqualTo((int) expected);
      assertThat(Arrays.stream(results).filter(result -> result != null)).hasSize(20);
    }
  }
}
