package org.bitatlas.generate;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A {@link TransformerModel} that scores and generates in batches on several threads. Results are
 * the same bytes for any number of threads; the batch a request falls into may move its logits by
 * float rounding.
 *
 * <p>Interrupting the calling thread ends generations with {@link Generation.Reason#CANCELLED}; the
 * interrupt stays pending.
 */
public final class TransformerLanguageModel implements LanguageModel {

  /** Raised when the same requests on the same model would give other results. */
  public static final int BEHAVIOUR_VERSION = 4;

  private static final double MIB = 1 << 20;

  /** Requests of a generation tile for each of its rows. */
  private static final int REQUESTS_PER_ROW = 4;

  private final TransformerModel model;
  private final TilePool pool;
  private final BatchLimits limits;
  private final boolean paged;

  /**
   * A language model over {@code model}, which stays the caller's to close.
   *
   * @param threads worker threads, at least 1
   */
  public TransformerLanguageModel(TransformerModel model, int threads) {
    this(model, threads, BatchLimits.DEFAULT);
  }

  /** The same with other tile sizes. */
  public TransformerLanguageModel(TransformerModel model, int threads, BatchLimits limits) {
    this(model, threads, limits, false);
  }

  /**
   * The same, where {@code paged} says that everything is scored through the paged cache, the first
   * token as a prompt and the rest as its continuation: attention then adds in another order, and
   * scores differ by rounding.
   */
  public TransformerLanguageModel(
      TransformerModel model, int threads, BatchLimits limits, boolean paged) {
    this.paged = paged;
    this.model = model;
    this.pool = new TilePool(threads);
    this.limits = limits;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Where logits are not finite the log-probability is NaN or infinite and the token is not
   * greedy.
   *
   * @throws BitAtlasException when a request has no context or does not fit the model's context
   * @throws CancellationException when the calling thread is interrupted
   */
  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    requests.forEach(this::check);
    SharedContexts shared = paged ? SharedContexts.each(requests) : SharedContexts.of(requests);
    int[] alone = shared.alone();
    int[] lengths =
        Arrays.stream(alone).map(index -> requests.get(index).tokenIds().length - 1).toArray();
    int[] groupLengths =
        shared.groups().stream()
            .mapToInt(group -> SharedContexts.tokens(requests, group))
            .toArray();
    List<int[]> tiles = Tiles.of(lengths, Integer.MAX_VALUE, limits.scoringTokens());
    List<int[]> groupTiles = Tiles.of(groupLengths, Integer.MAX_VALUE, limits.scoringTokens());
    TokenScores[] results = new TokenScores[requests.size()];
    boolean complete =
        pool.run(
            tiles.size() + groupTiles.size(),
            (tile, cancellation) -> {
              ScoringTile scoring =
                  new ScoringTile(model, limits.logits(), cancellation::requested);
              if (tile < tiles.size()) {
                int[] places = tiles.get(tile);
                scoring.run(
                    requests, Arrays.stream(places).map(place -> alone[place]).toArray(), results);
              } else {
                int[] places = groupTiles.get(tile - tiles.size());
                scoring.runShared(
                    requests,
                    Arrays.stream(places).mapToObj(shared.groups()::get).toList(),
                    results);
              }
            });
    if (!complete) {
      throw new CancellationException("scoring was interrupted");
    }
    return Arrays.asList(results);
  }

  @Override
  public OptionalInt contextLength() {
    return OptionalInt.of(model.architecture().maxPositions());
  }

  /** The scores with the distance to a reference; every sequence is read whole. */
  List<TokenScores> scoreBeside(List<ScoringRequest> requests, TransformerModel reference) {
    requests.forEach(this::check);
    int[] lengths = requests.stream().mapToInt(request -> request.tokenIds().length - 1).toArray();
    List<int[]> tiles = Tiles.of(lengths, Integer.MAX_VALUE, limits.scoringTokens());
    TokenScores[] results = new TokenScores[requests.size()];
    boolean complete =
        pool.run(
            tiles.size(),
            (tile, cancellation) -> {
              ScoringTile scoring =
                  new ScoringTile(model, limits.logits(), cancellation::requested)
                      .beside(reference);
              int[] places = tiles.get(tile);
              if (paged) {
                scoring.runShared(
                    requests,
                    Arrays.stream(places).mapToObj(place -> new int[] {place}).toList(),
                    results);
              } else {
                scoring.run(requests, places, results);
              }
            });
    if (!complete) {
      throw new CancellationException("scoring was interrupted");
    }
    return Arrays.asList(results);
  }

  void requireVocabulary(TransformerModel reference) {
    int own = model.architecture().vocabularySize();
    int other = reference.architecture().vocabularySize();
    if (own != other) {
      throw new IllegalArgumentException("vocabularies of " + own + " and " + other + " tokens");
    }
  }

  private void check(ScoringRequest request) {
    int length = request.tokenIds().length;
    if (request.from() < 1 || request.from() > length) {
      throw new BitAtlasException(
          "Cannot score tokens from %d of a sequence of %d: at least one token must come before the first scored one."
              .formatted(request.from(), length));
    }
    int context = model.architecture().maxPositions();
    if (length - 1 > context) {
      throw new BitAtlasException(
          "A sequence of %d tokens to score does not fit the model's context of %d; use shorter sequences."
              .formatted(length, context));
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws BitAtlasException when a prompt is empty or prompt and budget do not fit the model's
   *     context
   */
  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    requests.forEach(this::check);
    Generation[] results = new Generation[requests.size()];
    Arrays.fill(results, new Generation(List.of(), Generation.Reason.CANCELLED));
    int[] beams = places(requests, true);
    int[] tokens = places(requests, false);
    generateBeams(requests, beams, results, finished);
    generateTokens(requests, tokens, results, finished);
    return Arrays.asList(results);
  }

  private static int[] places(List<GenerationRequest> requests, boolean beams) {
    return IntStream.range(0, requests.size())
        .filter(place -> requests.get(place).sampling() instanceof Sampling.Beam == beams)
        .toArray();
  }

  private void generateBeams(
      List<GenerationRequest> all,
      int[] places,
      Generation[] results,
      Consumer<? super Generation> finished) {
    boolean _ =
        pool.run(
            places.length,
            (tile, cancellation) -> {
              GenerationRequest request = all.get(places[tile]);
              Generation found = new BeamSearch(model, cancellation::requested).run(request);
              results[places[tile]] = found;
              finished.accept(found);
            });
  }

  private void generateTokens(
      List<GenerationRequest> all,
      int[] places,
      Generation[] results,
      Consumer<? super Generation> finished) {
    if (places.length == 0) {
      return;
    }
    List<GenerationRequest> requests = Arrays.stream(places).mapToObj(all::get).toList();
    int[] lengths = requests.stream().mapToInt(request -> request.promptIds().length).toArray();
    List<int[]> tiles = Tiles.dealt(lengths, tiles(requests));
    long share = limits.cacheBytes() / Math.max(1, tiles.size());
    GenerationTile.Listener listener =
        new GenerationTile.Listener() {
          @Override
          public boolean token(int request, int id) {
            return true;
          }

          @Override
          public void finished(int request, Generation generation) {
            results[places[request]] = generation;
            finished.accept(generation);
          }
        };
    boolean _ =
        pool.run(
            tiles.size(),
            (tile, cancellation) ->
                new GenerationTile(model, limits, share, listener, cancellation::requested)
                    .run(requests, tiles.get(tile)));
  }

  /**
   * Tiles of a call: an even number, of some times as many requests as have rows, so that rows do
   * not stand empty for long; fewer where their shares of the cache would not hold the largest.
   */
  private int tiles(List<GenerationRequest> requests) {
    int count = Math.ceilDiv(requests.size(), REQUESTS_PER_ROW * limits.rows());
    long largest =
        requests.stream().mapToLong(GenerationTile::pages).max().orElse(1)
            * model.cacheLayout().bytes();
    long fitting = limits.cacheBytes() / Math.max(1, largest);
    return (int) Math.max(1, Math.min(count + count % 2, fitting));
  }

  /**
   * Generates for one request on the calling thread, token by token.
   *
   * @param onToken told each new token as it is chosen; false ends the generation
   * @throws BitAtlasException when the prompt is empty or does not fit the model's context
   */
  public Generation stream(GenerationRequest request, IntPredicate onToken) {
    check(request);
    AtomicReference<Generation> result =
        new AtomicReference<>(new Generation(List.of(), Generation.Reason.CANCELLED));
    GenerationTile.Listener listener =
        new GenerationTile.Listener() {
          @Override
          public boolean token(int index, int id) {
            return onToken.test(id);
          }

          @Override
          public void finished(int index, Generation generation) {
            result.set(generation);
          }
        };
    new GenerationTile(
            model,
            limits,
            limits.cacheBytes(),
            listener,
            () -> Thread.currentThread().isInterrupted())
        .run(List.of(request), new int[] {0});
    return result.get();
  }

  private void check(GenerationRequest request) {
    int prompt = request.promptIds().length;
    if (prompt == 0 || request.maxNewTokens() < 0) {
      throw new BitAtlasException(
          "A generation needs a prompt of at least one token and a budget that is not negative, not %d and %d."
              .formatted(prompt, request.maxNewTokens()));
    }
    if (request.sampling() instanceof Sampling.Random random
        && (!(random.temperature() > 0) || !(random.topP() > 0) || random.topK() < 0)) {
      throw new BitAtlasException(
          "Sampling needs a temperature above 0, top-p above 0 and top-k of at least 0, not %s; use greedy sampling for temperature 0."
              .formatted(random));
    }
    if (request.sampling() instanceof Sampling.Beam beam) {
      check(request, beam);
    }
    int context = model.architecture().maxPositions();
    if (prompt + request.mostTokens() > context) {
      throw new BitAtlasException(
          "A prompt of %d tokens with %d new tokens does not fit the model's context of %d; shorten the prompt or lower the budget."
              .formatted(prompt, request.mostTokens(), context));
    }
    int rows = request.sampling() instanceof Sampling.Beam beam ? beam.width() : 1;
    long bytes = (long) rows * GenerationTile.pages(request) * model.cacheLayout().bytes();
    if (bytes > limits.cacheBytes()) {
      throw new BitAtlasException(
          "Keys and values of a prompt of %d tokens with %d new tokens take %.1f MiB, but the cache may take %.1f MiB; shorten the prompt, lower the budget or allow a larger cache."
              .formatted(prompt, request.mostTokens(), bytes / MIB, limits.cacheBytes() / MIB));
    }
  }

  private static void check(GenerationRequest request, Sampling.Beam beam) {
    if (beam.width() < 1 || !(beam.lengthPenalty() >= 0)) {
      throw new BitAtlasException(
          "Beam search needs at least one beam and a length penalty of at least 0, not %s."
              .formatted(beam));
    }
    if (request.thinking().isPresent()) {
      throw new BitAtlasException(
          "Beam search has no budget of its own for the thinking; leave the thinking budget out or decode greedily.");
    }
  }
}
