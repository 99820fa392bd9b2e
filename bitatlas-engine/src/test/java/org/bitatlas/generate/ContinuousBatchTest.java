package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.TinyModel;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that enter as others end, within rows and bytes, and share what they begin with. */
class ContinuousBatchTest {

  private static final Sampling GREEDY = new Sampling.Greedy();

  private TransformerModel model;

  @BeforeEach
  void load() {
    model = TinyModel.load(0);
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** Collects results. */
  private static final class Collected implements GenerationTile.Listener {
    final Generation[] results;

    Collected(int count) {
      results = new Generation[count];
    }

    @Override
    public boolean token(int request, int id) {
      return true;
    }

    @Override
    public void finished(int request, Generation generation) {
      assertThat(results[request]).isNull();
      results[request] = generation;
    }
  }

  private GenerationTile tile(int rows, long cacheBytes, Collected collected) {
    BatchLimits limits = new BatchLimits(rows, 400, 400, 4000, cacheBytes);
    return new GenerationTile(model, limits, cacheBytes, collected, () -> false);
  }

  private static int[] all(int count) {
    return IntStream.range(0, count).toArray();
  }

  private List<Generation> oneByOne(List<GenerationRequest> requests) {
    List<Generation> results = new ArrayList<>();
    for (GenerationRequest request : requests) {
      Collected alone = new Collected(1);
      tile(1, Long.MAX_VALUE, alone).run(List.of(request), new int[] {0});
      results.add(alone.results[0]);
    }
    return results;
  }

  private static List<GenerationRequest> requests(int count, int header, int samples) {
    SplittableRandom random = new SplittableRandom(3);
    int[] common = random.ints(header, 0, 61).toArray();
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] own = random.ints(random.nextInt(1, 25), 0, 61).toArray();
      int[] prompt = IntStream.concat(IntStream.of(common), IntStream.of(own)).toArray();
      for (int sample = 0; sample < samples; sample++) {
        Sampling sampling = samples == 1 ? GREEDY : new Sampling.Random(1, 0, 1, sample);
        requests.add(new GenerationRequest(prompt, 2 + i * 7 % 31, sampling, Set.of(5, 17)));
      }
    }
    return requests;
  }

  @Test
  void rowsAndBytesChangeNothing() {
    List<GenerationRequest> requests = requests(20, 0, 1);
    List<Generation> expected = oneByOne(requests);
    long page = model.cacheLayout().bytes();
    for (int rows : new int[] {1, 3, 8, 64}) {
      for (long pages : new long[] {3, 5, 100}) {
        Collected collected = new Collected(requests.size());
        tile(rows, pages * page, collected).run(requests, all(requests.size()));
        assertThat(collected.results).containsExactlyElementsOf(expected);
      }
    }
  }

  @Test
  void aCommonHeaderIsComputedOnce() {
    int header = 70;
    List<GenerationRequest> requests = requests(12, header, 1);
    List<Generation> expected = oneByOne(requests);
    Collected collected = new Collected(requests.size());
    GenerationTile tile = tile(5, Long.MAX_VALUE, collected);
    tile.run(requests, all(requests.size()));
    assertThat(collected.results).containsExactlyElementsOf(expected);
    assertThat(tile.computedTokens()).isLessThanOrEqualTo(work(requests, expected) - 11 * header);
  }

  @Test
  void samplesOfOnePromptReadItOnce() {
    List<GenerationRequest> requests = requests(2, 100, 6);
    List<Generation> expected = oneByOne(requests);
    Collected collected = new Collected(requests.size());
    GenerationTile tile = tile(4, Long.MAX_VALUE, collected);
    tile.run(requests, all(requests.size()));
    assertThat(collected.results).containsExactlyElementsOf(expected);
    // Eleven requests begin with 100 tokens or more of another's.
    assertThat(tile.computedTokens()).isLessThan(work(requests, expected) - 11 * 100);
    Collected little = new Collected(requests.size());
    int pages = requests.stream().mapToInt(GenerationTile::pages).max().orElseThrow();
    tile(4, pages * model.cacheLayout().bytes(), little).run(requests, all(requests.size()));
    assertThat(little.results).containsExactlyElementsOf(expected);
  }

  /** Tokens of all prompts, and of all replies but their last. */
  private static long work(List<GenerationRequest> requests, List<Generation> replies) {
    long tokens = 0;
    for (int i = 0; i < requests.size(); i++) {
      boolean stopped = replies.get(i).reason() == Generation.Reason.STOP_TOKEN;
      tokens += requests.get(i).promptIds().length + replies.get(i).tokenIds().size();
      tokens -= stopped ? 0 : 1;
    }
    return tokens;
  }

  @Test
  void aRequestThatCannotFitIsRefusedBeforeItIsComputed() {
    long page = model.cacheLayout().bytes();
    var language =
        new TransformerLanguageModel(model, 1, new BatchLimits(4, 64, 40, 200, 2 * page));
    var fitting = new GenerationRequest(new int[2 * PageLayout.TOKENS - 4], 4, GREEDY, Set.of());
    var large = new GenerationRequest(new int[2 * PageLayout.TOKENS - 4], 5, GREEDY, Set.of());
    assertThat(language.generate(List.of(fitting, fitting, fitting), _ -> {}))
        .allSatisfy(generation -> assertThat(generation.tokenIds()).hasSize(4));
    assertThatThrownBy(() -> language.generate(List.of(fitting, large), _ -> {}))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("the cache may take");
  }
}
