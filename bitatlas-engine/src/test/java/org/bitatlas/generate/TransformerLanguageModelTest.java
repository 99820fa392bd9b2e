package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.GoldenModels;
import org.bitatlas.model.TinyModel;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Batching rules of scoring and generation on a random model. */
class TransformerLanguageModelTest {

  private static final Sampling GREEDY = new Sampling.Greedy();

  private TransformerModel model;
  private LanguageModel batched;

  @BeforeEach
  void load() {
    model = TinyModel.load(0);
    batched = new TransformerLanguageModel(model, 2, new BatchLimits(4, 64, 40, 200));
  }

  @AfterEach
  void close() {
    model.close();
  }

  private static List<int[]> prompts(int count) {
    SplittableRandom random = new SplittableRandom(11);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      prompts.add(random.ints(random.nextInt(1, 20), 0, 61).toArray());
    }
    return prompts;
  }

  private static GenerationRequest greedy(int[] prompt, int budget, Integer... stopIds) {
    return new GenerationRequest(prompt, budget, GREEDY, Set.of(stopIds));
  }

  @Test
  void batchedGenerationEqualsOneByOne() {
    List<GenerationRequest> requests = new ArrayList<>();
    List<int[]> prompts = prompts(23);
    for (int i = 0; i < prompts.size(); i++) {
      // Budgets differ and stop tokens are frequent, so rows leave their batch at many moments.
      requests.add(greedy(prompts.get(i), 3 + 7 * (i % 5), 5, 17, 33));
    }
    AtomicInteger finished = new AtomicInteger();
    List<Generation> together = batched.generate(requests, _ -> finished.incrementAndGet());
    assertThat(finished).hasValue(requests.size());
    for (int i = 0; i < requests.size(); i++) {
      List<Generation> alone = batched.generate(List.of(requests.get(i)), _ -> {});
      assertThat(together.get(i)).as("request " + i).isEqualTo(alone.getFirst());
    }
    assertThat(together).extracting(Generation::reason).contains(Reason.STOP_TOKEN, Reason.LENGTH);
  }

  @Test
  void batchedScoresEqualOneByOne() {
    List<ScoringRequest> requests = new ArrayList<>();
    for (int[] prompt : prompts(31)) {
      if (prompt.length > 1) {
        requests.add(new ScoringRequest(prompt, 1 + prompt.length / 3));
      }
    }
    List<TokenScores> together = batched.score(requests);
    for (int i = 0; i < requests.size(); i++) {
      TokenScores alone = batched.score(List.of(requests.get(i))).getFirst();
      GoldenModels.assertClose(
          "request " + i, together.get(i).logProbabilities(), alone.logProbabilities());
      assertThat(together.get(i).logProbabilities())
          .hasSize(requests.get(i).tokenIds().length - requests.get(i).from());
    }
  }

  @Test
  void greedyTokensScoreAsGreedy() {
    int[] prompt = {1, 7, 9};
    List<Integer> reply =
        batched.generate(List.of(greedy(prompt, 6)), _ -> {}).getFirst().tokenIds();
    int[] whole = Arrays.copyOf(prompt, prompt.length + reply.size());
    for (int i = 0; i < reply.size(); i++) {
      whole[prompt.length + i] = reply.get(i);
    }
    assertThat(batched.score(List.of(new ScoringRequest(whole, 3))).getFirst().allGreedy())
        .isTrue();
    whole[whole.length - 1] = (whole[whole.length - 1] + 1) % 61;
    assertThat(batched.score(List.of(new ScoringRequest(whole, 3))).getFirst().allGreedy())
        .isFalse();
  }

  @Test
  void anEndOfTheRequestKeepsTheTokenThatReachesIt() {
    for (int[] prompt : prompts(6)) {
      List<Integer> whole =
          batched.generate(List.of(greedy(prompt, 12)), _ -> {}).getFirst().tokenIds();
      GenerationRequest fourTokens =
          new GenerationRequest(
              prompt, 12, GREEDY, Set.of(), Optional.empty(), Optional.of(ids -> ids.size() == 4));
      assertThat(batched.generate(List.of(fourTokens), _ -> {}))
          .containsExactly(new Generation(whole.subList(0, 4), Reason.REACHED_END));
    }
  }

  @Test
  void samplingDependsOnTheSeedOnly() {
    Sampling seeded = new Sampling.Random(0.8, 20, 0.9, 42);
    List<int[]> prompts = prompts(9);
    List<GenerationRequest> requests =
        prompts.stream()
            .map(prompt -> new GenerationRequest(prompt, 12, seeded, Set.of()))
            .toList();
    List<Generation> together = batched.generate(requests, _ -> {});
    List<Generation> reversed = batched.generate(requests.reversed(), _ -> {}).reversed();
    assertThat(reversed).isEqualTo(together);
    Sampling other = new Sampling.Random(0.8, 20, 0.9, 43);
    assertThat(
            batched.generate(
                prompts.stream()
                    .map(prompt -> new GenerationRequest(prompt, 12, other, Set.of()))
                    .toList(),
                _ -> {}))
        .isNotEqualTo(together);
  }

  @Test
  void logitsThatAreNotFiniteEndTheGeneration() {
    float[] weight = model.weight(1, Projection.DOWN);
    Arrays.fill(weight, Float.NaN);
    model.setWeight(1, Projection.DOWN, weight);
    for (Sampling sampling : List.of(GREEDY, new Sampling.Random(1, 0, 1, 5))) {
      Generation generation =
          batched
              .generate(
                  List.of(new GenerationRequest(new int[] {1, 2}, 5, sampling, Set.of())), _ -> {})
              .getFirst();
      assertThat(generation).isEqualTo(new Generation(List.of(), Reason.NON_FINITE));
    }
    TokenScores scores =
        batched.score(List.of(new ScoringRequest(new int[] {1, 2, 3}, 1))).getFirst();
    assertThat(scores.logProbabilities()).containsOnly(Double.NaN);
    assertThat(scores.greedy()).containsOnly(false);
  }

  @Test
  void anInterruptCancelsAndStaysPending() {
    Thread caller = Thread.currentThread();
    List<GenerationRequest> requests =
        prompts(12).stream().map(prompt -> greedy(prompt, 4000)).toList();
    List<Generation> generations;
    caller.interrupt();
    try {
      generations = batched.generate(requests, _ -> {});
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(generations).extracting(Generation::reason).containsOnly(Reason.CANCELLED);
  }

  @Test
  void aStreamEndsWhenItsReaderHasEnough() {
    var language = new TransformerLanguageModel(model, 1);
    List<Integer> seen = new ArrayList<>();
    Generation generation =
        language.stream(
            greedy(new int[] {1, 5}, 50),
            id -> {
              seen.add(id);
              return seen.size() < 4;
            });
    assertThat(seen).hasSize(4).isEqualTo(generation.tokenIds());
    assertThat(generation.reason()).isEqualTo(Reason.CANCELLED);
    assertThat(
            batched.generate(List.of(greedy(new int[] {1, 5}, 4)), _ -> {}).getFirst().tokenIds())
        .isEqualTo(seen);
  }

  @Test
  void mistakesAreNamed() {
    int context = model.architecture().maxPositions();
    assertThatThrownBy(() -> batched.generate(List.of(greedy(new int[] {1}, context)), _ -> {}))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("context of " + context);
    assertThatThrownBy(() -> batched.generate(List.of(greedy(new int[] {}, 3)), _ -> {}))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("at least one token");
    assertThatThrownBy(() -> batched.generate(List.of(greedy(new int[] {61}, 3)), _ -> {}))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("Token id 61");
    assertThatThrownBy(() -> batched.score(List.of(new ScoringRequest(new int[] {1, 2}, 0))))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("before the first scored one");
  }
}
