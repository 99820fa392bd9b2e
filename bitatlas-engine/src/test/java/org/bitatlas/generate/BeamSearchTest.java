package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.model.TinyModel;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Beam search on a random model of a small vocabulary, against trying everything. */
class BeamSearchTest {
  private static final int[] PROMPT = {3, 14, 15, 9, 26};
  private static final Set<Integer> STOPS = Set.of(7, 11);

  private TransformerModel model;
  private TransformerLanguageModel language;

  @BeforeEach
  void load() {
    model = TinyModel.load(0);
    language = new TransformerLanguageModel(model, 2);
  }

  @AfterEach
  void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.6, 1, 2})
  void aBeamAsWideAsTheVocabularyFindsTheBestReply(double penalty) {
    int vocabulary = model.architecture().vocabularySize();
    for (int budget = 1; budget <= 2; budget++) {
      List<int[]> all = new ArrayList<>();
      for (int first = 0; first < vocabulary; first++) {
        if (budget == 1 || STOPS.contains(first)) {
          all.add(new int[] {first});
          continue;
        }
        for (int second = 0; second < vocabulary; second++) {
          all.add(new int[] {first, second});
        }
      }
      List<TokenScores> scores =
          language.score(all.stream().map(reply -> scored(PROMPT, reply)).toList());
      int best = 0;
      for (int i = 1; i < all.size(); i++) {
        if (worth(scores.get(i), penalty) > worth(scores.get(best), penalty)) {
          best = i;
        }
      }
      Generation found = beam(PROMPT, vocabulary, penalty, budget, STOPS);
      int[] expected = all.get(best);
      boolean stops = STOPS.contains(expected[expected.length - 1]);
      assertThat(found.reason()).isEqualTo(stops ? Reason.STOP_TOKEN : Reason.LENGTH);
      assertThat(found.tokenIds())
          .containsExactlyElementsOf(
              java.util.Arrays.stream(expected, 0, expected.length - (stops ? 1 : 0))
                  .boxed()
                  .toList());
    }
  }

  @Test
  void oneBeamIsGreedy() {
    for (int[] prompt : List.of(PROMPT, new int[] {1}, new int[] {40, 2, 2, 58})) {
      Generation greedy =
          language
              .generate(
                  List.of(new GenerationRequest(prompt, 40, new Sampling.Greedy(), Set.of())),
                  _ -> {})
              .getFirst();
      assertThat(beam(prompt, 1, 0, 40, Set.of())).isEqualTo(greedy);
    }
  }

  @Test
  void theStepsOfABeamAreThoseOfAWholePass() {
    // Beams fork and die over pages of the cache; the reply must be the best of a plain search.
    for (int width : new int[] {2, 3, 5}) {
      Generation found = beam(PROMPT, width, 0, 45, Set.of());
      assertThat(found.tokenIds()).isEqualTo(plainSearch(width, 45));
    }
  }

  /** The same search, every step scored from the first token on. */
  private List<Integer> plainSearch(int width, int budget) {
    record Beam(List<Integer> ids, double sum) {}
    int vocabulary = model.architecture().vocabularySize();
    List<Beam> beams = List.of(new Beam(List.of(), 0));
    for (int step = 0; step < budget; step++) {
      List<Beam> all = new ArrayList<>();
      for (Beam beam : beams) {
        int[] context =
            java.util.stream.IntStream.concat(
                    java.util.Arrays.stream(PROMPT), beam.ids().stream().mapToInt(i -> i))
                .toArray();
        List<ScoringRequest> requests = new ArrayList<>();
        for (int token = 0; token < vocabulary; token++) {
          requests.add(scored(context, new int[] {token}));
        }
        List<TokenScores> scores = language.score(requests);
        for (int token = 0; token < vocabulary; token++) {
          List<Integer> longer = new ArrayList<>(beam.ids());
          longer.add(token);
          all.add(new Beam(longer, beam.sum() + scores.get(token).sum()));
        }
      }
      all.sort((one, other) -> Double.compare(other.sum(), one.sum()));
      beams = List.copyOf(all.subList(0, width));
    }
    return beams.getFirst().ids();
  }

  @Test
  void requestsOfBothKindsKeepTheirOrder() {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Sampling sampling = i % 2 == 0 ? new Sampling.Greedy() : new Sampling.Beam(3, 1);
      requests.add(new GenerationRequest(new int[] {i, i + 1}, 5, sampling, STOPS));
    }
    List<Generation> together = language.generate(requests, _ -> {});
    for (int i = 0; i < 6; i++) {
      assertThat(together.get(i))
          .isEqualTo(language.generate(List.of(requests.get(i)), _ -> {}).getFirst());
    }
  }

  @Test
  void refusesWhatItCannotDo() {
    assertThatThrownBy(() -> beam(PROMPT, 0, 0, 4, Set.of()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("at least one beam");
    GenerationRequest thinking =
        new GenerationRequest(
            PROMPT,
            4,
            new Sampling.Beam(2, 0),
            Set.of(),
            Optional.of(new ThinkingLimit(3, OptionalInt.empty(), 5, true)));
    assertThatThrownBy(() -> language.generate(List.of(thinking), _ -> {}))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("thinking");
  }

  private Generation beam(int[] prompt, int width, double penalty, int budget, Set<Integer> stops) {
    return language
        .generate(
            List.of(
                new GenerationRequest(prompt, budget, new Sampling.Beam(width, penalty), stops)),
            _ -> {})
        .getFirst();
  }

  private static ScoringRequest scored(int[] context, int[] reply) {
    return new ScoringRequest(
        java.util.stream.IntStream.concat(
                java.util.Arrays.stream(context), java.util.Arrays.stream(reply))
            .toArray(),
        context.length);
  }

  private static double worth(TokenScores scores, double penalty) {
    return scores.sum() / Math.pow(scores.logProbabilities().length, penalty);
  }
}
