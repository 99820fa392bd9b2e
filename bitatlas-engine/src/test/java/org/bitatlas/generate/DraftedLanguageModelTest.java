package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.bitatlas.generate.DraftedLanguageModel.Drafts;
import org.bitatlas.generate.Generation.Reason;
import org.junit.jupiter.api.Test;

class DraftedLanguageModelTest {

  private static final Set<Integer> STOP = Set.of(7);

  /** Counts up from the last token; past {@code turn} tokens it counts by {@code stride}. */
  private static final class Counting implements LanguageModel {
    private final int turn;
    private final int stride;
    private int steps;

    Counting(int turn, int stride) {
      this.turn = turn;
      this.stride = stride;
    }

    private int next(int[] ids, int length) {
      return (ids[length - 1] + (length < turn ? 1 : stride)) % 100;
    }

    @Override
    public List<TokenScores> score(List<ScoringRequest> requests) {
      return requests.stream()
          .map(request -> {
            int count = request.tokenIds().length - request.from();
            boolean[] greedy = new boolean[count];
            for (int i = 0; i < count; i++) {
              int at = request.from() + i;
              greedy[i] = request.tokenIds()[at] == next(request.tokenIds(), at);
            }
            return new TokenScores(new double[count], greedy);
          })
          .toList();
    }

    @Override
    public List<Generation> generate(
        List<GenerationRequest> requests, Consumer<? super Generation> finished) {
      return requests.stream().map(this::generate).peek(finished).toList();
    }

    private Generation generate(GenerationRequest request) {
      int[] ids = request.promptIds();
      List<Integer> reply = new ArrayList<>();
      while (reply.size() < request.maxNewTokens()) {
        int token = next(ids, ids.length);
        steps++;
        if (request.stopIds().contains(token)) {
          return new Generation(reply, Reason.STOP_TOKEN);
        }
        reply.add(token);
        if (request.end().filter(end -> end.isReached(reply)).isPresent()) {
          return new Generation(reply, Reason.REACHED_END);
        }
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = token;
      }
      return new Generation(reply, Reason.LENGTH);
    }
  }

  private static GenerationRequest request(int first, int budget) {
    return new GenerationRequest(new int[] {first}, budget, new Sampling.Greedy(), STOP);
  }

  private static final List<GenerationRequest> REQUESTS =
      List.of(request(1, 20), request(4, 20), request(6, 20), request(20, 9), request(50, 0));

  private static List<Generation> plain(Counting model, List<GenerationRequest> requests) {
    return model.generate(requests, _ -> {});
  }

  @Test
  void anEqualModelRepeatsTheRepliesWithoutGenerating() {
    Drafts drafts = new Drafts();
    List<Generation> first =
        new DraftedLanguageModel(new Counting(99, 1), drafts).generate(REQUESTS, _ -> {});
    Counting equal = new Counting(99, 1);
    List<Generation> progress = new ArrayList<>();
    List<Generation> second =
        new DraftedLanguageModel(equal, drafts).generate(REQUESTS, progress::add);
    assertThat(first).isEqualTo(plain(new Counting(99, 1), REQUESTS));
    assertThat(second).isEqualTo(first);
    assertThat(equal.steps).isZero();
    assertThat(progress).hasSize(REQUESTS.size());
  }

  @Test
  void aModelThatLeavesTheDraftGoesOnAlone() {
    for (int turn = 1; turn < 12; turn++) {
      Drafts drafts = new Drafts();
      new DraftedLanguageModel(new Counting(99, 1), drafts).generate(REQUESTS, _ -> {});
      Counting other = new Counting(turn, 3);
      assertThat(new DraftedLanguageModel(other, drafts).generate(REQUESTS, _ -> {}))
          .as("leaves the draft at token %d", turn)
          .isEqualTo(plain(new Counting(turn, 3), REQUESTS));
    }
  }

  @Test
  void aSmallerBudgetCutsTheDraft() {
    Drafts drafts = new Drafts();
    new DraftedLanguageModel(new Counting(99, 1), drafts).generate(REQUESTS, _ -> {});
    List<GenerationRequest> shorter = List.of(request(1, 3), request(20, 4), request(20, 30));
    assertThat(new DraftedLanguageModel(new Counting(99, 1), drafts).generate(shorter, _ -> {}))
        .isEqualTo(plain(new Counting(99, 1), shorter));
  }

  @Test
  void severalStopIdsAreGeneratedAgain() {
    Drafts drafts = new Drafts();
    List<GenerationRequest> requests =
        List.of(
            new GenerationRequest(new int[] {1}, 20, new Sampling.Greedy(), Set.of(5, 7)),
            new GenerationRequest(new int[] {5}, 20, new Sampling.Greedy(), Set.of(5, 7)));
    for (int run = 0; run < 2; run++) {
      assertThat(new DraftedLanguageModel(new Counting(99, 1), drafts).generate(requests, _ -> {}))
          .isEqualTo(plain(new Counting(99, 1), requests));
    }
  }

  @Test
  void endsOfTheRequestAreSeenAcrossTheDraft() {
    // After three tokens in a row that begin with 3, wherever the draft ends.
    ReplyEnd end = ids -> ids.size() >= 3 && ids.get(ids.size() - 3) == 3;
    List<GenerationRequest> requests =
        List.of(
            new GenerationRequest(
                new int[] {1},
                20,
                new Sampling.Greedy(),
                STOP,
                Optional.empty(),
                Optional.of(end)));
    for (int turn : new int[] {2, 3, 4, 5, 99}) {
      Drafts drafts = new Drafts();
      new DraftedLanguageModel(new Counting(turn, 2), drafts).generate(requests, _ -> {});
      List<Generation> found =
          new DraftedLanguageModel(new Counting(99, 1), drafts).generate(requests, _ -> {});
      assertThat(found).containsExactly(new Generation(List.of(2, 3, 4, 5), Reason.REACHED_END));
    }
  }

  @Test
  void sampledRequestsPassThrough() {
    Drafts drafts = new Drafts();
    List<GenerationRequest> sampled =
        List.of(new GenerationRequest(new int[] {1}, 5, new Sampling.Random(1, 0, 1, 3), Set.of()));
    Counting model = new Counting(99, 1);
    for (int run = 0; run < 2; run++) {
      new DraftedLanguageModel(model, drafts).generate(sampled, _ -> {});
    }
    assertThat(model.steps).isEqualTo(10);
  }
}
