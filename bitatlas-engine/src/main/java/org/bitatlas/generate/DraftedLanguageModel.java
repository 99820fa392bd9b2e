package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.bitatlas.generate.Generation.Reason;

/**
 * Greedy generation that first checks what a related model replied to the same prompt.
 *
 * <p>A quantized model mostly repeats the float model's reply. Scoring that reply as a draft takes
 * one pass over all its tokens at once; the model keeps the tokens up to the first one that is not
 * its own arg max and generates from there. This is speculative decoding (Leviathan et al. 2023)
 * with a recorded reply as the draft, for greedy decoding: every token is the model's arg max, so
 * the reply is the one plain generation gives, up to the rounding of equal logits.
 *
 * <p>The first reply to a prompt becomes the draft for all later ones. Requests that sample pass
 * through.
 */
public final class DraftedLanguageModel implements LanguageModel {

  /** Replies by prompt, shared by the models of a comparison. Thread-safe. */
  public static final class Drafts {
    private final ConcurrentMap<List<Integer>, int[]> replies = new ConcurrentHashMap<>();

    private Optional<int[]> find(GenerationRequest request) {
      return Optional.ofNullable(replies.get(boxed(request.promptIds())));
    }

    private void remember(GenerationRequest request, Generation generation) {
      boolean ended = generation.reason() == Reason.STOP_TOKEN;
      boolean whole =
          generation.reason() == Reason.LENGTH || generation.reason() == Reason.REACHED_END;
      if (!ended && !whole) {
        return;
      }
      IntStream tokens = generation.tokenIds().stream().mapToInt(Integer::intValue);
      // Which of several stop ids ended the reply is not recorded; then it is generated again.
      IntStream stop =
          ended && request.stopIds().size() == 1
              ? IntStream.of(request.stopIds().iterator().next())
              : IntStream.empty();
      replies.putIfAbsent(boxed(request.promptIds()), IntStream.concat(tokens, stop).toArray());
    }

    private static List<Integer> boxed(int[] ids) {
      return Arrays.stream(ids).boxed().toList();
    }
  }

  private final LanguageModel model;
  private final Drafts drafts;

  /** {@code model}, with the replies it and its relatives gave before. */
  public DraftedLanguageModel(LanguageModel model, Drafts drafts) {
    this.model = model;
    this.drafts = drafts;
  }

  @Override
  public OptionalInt contextLength() {
    return model.contextLength();
  }

  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    return model.score(requests);
  }

  /**
   * {@inheritDoc}
   *
   * <p>For a reply that goes on from its draft, {@code finished} sees the tokens after the draft.
   */
  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    int[][] kept;
    try {
      kept = acceptedDrafts(requests);
    } catch (CancellationException e) {
      return requests.stream().map(_ -> new Generation(List.of(), Reason.CANCELLED)).toList();
    }
    Generation[] results = new Generation[requests.size()];
    List<Integer> open = new ArrayList<>();
    List<GenerationRequest> rest = new ArrayList<>();
    for (int i = 0; i < results.length; i++) {
      GenerationRequest request = requests.get(i);
      Optional<Generation> whole = ended(request, kept[i]);
      if (whole.isPresent()) {
        results[i] = whole.get();
        finished.accept(results[i]);
      } else {
        open.add(i);
        rest.add(after(request, kept[i]));
      }
    }
    List<Generation> generated = model.generate(rest, finished);
    for (int i = 0; i < open.size(); i++) {
      results[open.get(i)] = joined(kept[open.get(i)], generated.get(i));
    }
    for (int i = 0; i < results.length; i++) {
      if (requests.get(i).sampling() instanceof Sampling.Greedy) {
        drafts.remember(requests.get(i), results[i]);
      }
    }
    return Arrays.asList(results);
  }

  /** For each request the longest prefix of its draft that the model itself would write. */
  private int[][] acceptedDrafts(List<GenerationRequest> requests) {
    int[][] kept = new int[requests.size()][0];
    List<Integer> drafted = new ArrayList<>();
    List<ScoringRequest> scoring = new ArrayList<>();
    for (int i = 0; i < kept.length; i++) {
      GenerationRequest request = requests.get(i);
      if (!(request.sampling() instanceof Sampling.Greedy)) {
        continue;
      }
      int[] draft = drafts.find(request).orElse(kept[i]);
      kept[i] = Arrays.copyOf(draft, withinBudget(request, draft));
      if (kept[i].length > 0) {
        drafted.add(i);
        scoring.add(
            new ScoringRequest(
                concatenated(request.promptIds(), kept[i]), request.promptIds().length));
      }
    }
    if (scoring.isEmpty()) {
      return kept;
    }
    List<TokenScores> scores = model.score(scoring);
    for (int i = 0; i < scores.size(); i++) {
      int row = drafted.get(i);
      kept[row] = Arrays.copyOf(kept[row], leadingGreedy(scores.get(i).greedy()));
    }
    return kept;
  }

  /**
   * Tokens up to the end of the budget, and none after the thinking has used its own: there the
   * closing token is not the model's choice.
   */
  private static int withinBudget(GenerationRequest request, int[] draft) {
    ReplyBudget budget = new ReplyBudget(request);
    int count = 0;
    while (count < draft.length && !budget.spent() && budget.forced().isEmpty()) {
      budget.add(draft[count++]);
    }
    return count;
  }

  private static int leadingGreedy(boolean[] greedy) {
    int count = 0;
    while (count < greedy.length && greedy[count]) {
      count++;
    }
    return count;
  }

  /** The finished generation, where the accepted tokens reach a stop id or the budget. */
  private static Optional<Generation> ended(GenerationRequest request, int[] accepted) {
    for (int i = 0; i < accepted.length; i++) {
      if (request.stopIds().contains(accepted[i])) {
        return Optional.of(
            new Generation(Drafts.boxed(Arrays.copyOf(accepted, i)), Reason.STOP_TOKEN));
      }
    }
    List<Integer> ids = Drafts.boxed(accepted);
    for (int i = 1; i <= accepted.length && request.end().isPresent(); i++) {
      if (request.end().get().isReached(ids.subList(0, i))) {
        return Optional.of(new Generation(List.copyOf(ids.subList(0, i)), Reason.REACHED_END));
      }
    }
    return accepted.length > 0 && booked(request, accepted).spent()
        ? Optional.of(new Generation(Drafts.boxed(accepted), Reason.LENGTH))
        : Optional.empty();
  }

  private static GenerationRequest after(GenerationRequest request, int[] accepted) {
    GenerationRequest rest =
        booked(request, accepted).rest(request, concatenated(request.promptIds(), accepted));
    List<Integer> before = Drafts.boxed(accepted);
    return new GenerationRequest(
        rest.promptIds(),
        rest.maxNewTokens(),
        rest.sampling(),
        rest.stopIds(),
        rest.thinking(),
        request.end().map(end -> ids -> end.isReached(joined(before, ids))));
  }

  private static List<Integer> joined(List<Integer> first, List<Integer> second) {
    List<Integer> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private static ReplyBudget booked(GenerationRequest request, int[] accepted) {
    ReplyBudget budget = new ReplyBudget(request);
    for (int id : accepted) {
      budget.add(id);
    }
    return budget;
  }

  private static Generation joined(int[] accepted, Generation rest) {
    List<Integer> ids = new ArrayList<>(Drafts.boxed(accepted));
    ids.addAll(rest.tokenIds());
    return new Generation(List.copyOf(ids), rest.reason(), rest.thinkingCut());
  }

  private static int[] concatenated(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }
}
