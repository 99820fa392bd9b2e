package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bitatlas.model.DecodingBatch;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Scores one batch of requests: whole sequences, or continuations that share a context, which is
 * read once. The head runs on the scored positions only.
 */
final class ScoringTile {

  private final TransformerModel model;
  private final int maxLogits;
  private final BooleanSupplier cancelled;
  private Optional<TransformerModel> reference = Optional.empty();

  /**
   * A tile.
   *
   * @param cancelled asked before every layer; then scoring ends with a {@link
   *     CancellationException}
   */
  ScoringTile(TransformerModel model, int maxLogits, BooleanSupplier cancelled) {
    this.model = model;
    this.maxLogits = maxLogits;
    this.cancelled = cancelled;
  }

  /** Measures the distance to another model too. */
  ScoringTile beside(TransformerModel other) {
    reference = Optional.of(other);
    return this;
  }

  /** Writes the scores of the requests at {@code indexes} to {@code results}. */
  void run(List<ScoringRequest> requests, int[] indexes, TokenScores[] results) {
    int[][] inputs = inputs(requests, indexes);
    int longest = Arrays.stream(inputs).mapToInt(input -> input.length).max().orElse(0);
    Positions positions = new Positions(requests, indexes);
    for (int row = 0; row < indexes.length; row++) {
      positions.add((long) row * longest + requests.get(indexes[row]).from() - 1);
    }
    try (TensorScope _ = TensorScope.open()) {
      if (positions.count() > 0) {
        Tensor hidden = hidden(model, inputs).view((long) inputs.length * longest, -1);
        if (reference.isEmpty()) {
          score(hidden, positions);
        } else {
          scoreBeside(reference.get(), hidden, inputs, positions);
        }
      }
    }
    positions.write(results);
  }

  /** The last token of a request is only predicted, never an input. */
  private static int[][] inputs(List<ScoringRequest> requests, int[] indexes) {
    return Arrays.stream(indexes)
        .mapToObj(index -> requests.get(index).tokenIds())
        .map(ids -> Arrays.copyOf(ids, ids.length - 1))
        .toArray(int[][]::new);
  }

  /** The reference reads row after row; its hidden states stand one row behind the other. */
  private void scoreBeside(
      TransformerModel other, Tensor hidden, int[][] inputs, Positions positions) {
    List<Tensor> rows = new ArrayList<>();
    Positions others = new Positions(positions.requests, positions.indexes);
    long start = 0;
    for (int row = 0; row < inputs.length; row++) {
      rows.add(hidden(other, new int[][] {inputs[row]}).view(inputs[row].length, -1));
      others.add(start + positions.requests.get(positions.indexes[row]).from() - 1);
      start += inputs[row].length;
    }
    TokenDivergences distance =
        new TokenDivergences(
            new double[positions.count()],
            new boolean[positions.count()],
            new double[positions.count()]);
    Tensor beside = Tensor.cat(rows, 0);
    score(
        hidden,
        positions,
        (from, wanted, logits) -> {
          long[] places = Arrays.copyOfRange(others.places, from, from + wanted.length);
          long[] expected = Arrays.copyOfRange(others.targets, from, from + wanted.length);
          Tensor truth = other.head(beside.indexSelect(0, indexes(places, beside)));
          measure(logits, truth, indexes(expected, beside), from, distance);
        });
    positions.distance = Optional.of(distance);
  }

  private static void measure(
      Tensor logits, Tensor truth, Tensor expected, int from, TokenDivergences distance) {
    int count = (int) expected.size(0);
    long[] best = logits.argmax(1).toLongs();
    long[] bestBefore = truth.argmax(1).toLongs();
    Tensor after = logits.to(ElementType.F64).logSoftmax(1);
    Tensor wide = truth.to(ElementType.F64);
    Tensor before = wide.logSoftmax(1);
    double[] divergences = wide.softmax(1).mul(before.sub(after)).sum(1).toDoubles();
    Tensor column = expected.view(count, 1);
    double[] now = after.gather(1, column).toDoubles();
    double[] then = before.gather(1, column).toDoubles();
    for (int i = 0; i < count; i++) {
      // A sum of terms of both signs may end a rounding below zero.
      distance.divergences()[from + i] =
          divergences[i] < 0 && divergences[i] > -1e-9 ? 0 : divergences[i];
      distance.sameTop()[from + i] = best[i] == bestBefore[i];
      distance.changes()[from + i] = Math.exp(now[i]) - Math.exp(then[i]);
    }
  }

  /**
   * The same for requests that share contexts.
   *
   * @param groups indexes of the requests of each context
   * @return tokens that went through the blocks
   */
  long runShared(List<ScoringRequest> requests, List<int[]> groups, TokenScores[] results) {
    int[] indexes = groups.stream().flatMapToInt(Arrays::stream).toArray();
    int[][] contexts = new int[groups.size()][];
    List<Integer> ofRow = new ArrayList<>();
    List<int[]> continuations = new ArrayList<>();
    Positions positions = new Positions(requests, indexes);
    long next = groups.size();
    for (int group = 0; group < contexts.length; group++) {
      for (int index : groups.get(group)) {
        ScoringRequest request = requests.get(index);
        contexts[group] = Arrays.copyOf(request.tokenIds(), request.from());
        positions.add(group, next);
        int length = Math.max(0, request.tokenIds().length - 1 - request.from());
        if (length > 0) {
          ofRow.add(group);
          continuations.add(
              Arrays.copyOfRange(
                  request.tokenIds(), request.from(), request.tokenIds().length - 1));
        }
        next += length;
      }
    }
    try (DecodingBatch batch = model.newBatch(cancelled);
        TensorScope _ = TensorScope.open()) {
      List<Tensor> hidden = new ArrayList<>();
      hidden.add(batch.addHidden(contexts));
      if (!continuations.isEmpty()) {
        hidden.add(
            batch.continued(
                ofRow.stream().mapToInt(Integer::intValue).toArray(),
                continuations.toArray(int[][]::new)));
      }
      if (positions.count() > 0) {
        Tensor all = Tensor.cat(hidden, 0);
        if (reference.isEmpty()) {
          score(all, positions);
        } else {
          scoreBeside(reference.get(), all, inputs(requests, indexes), positions);
        }
      }
      positions.write(results);
      return batch.computedTokens();
    }
  }

  /** Where the hidden state in front of each scored token is, and what was scored. */
  private static final class Positions {
    private final List<ScoringRequest> requests;
    private final int[] indexes;
    private final long[] places;
    private final long[] targets;
    private final double[] logProbabilities;
    private final boolean[] greedy;
    private Optional<TokenDivergences> distance = Optional.empty();
    private int request;
    private int filled;

    Positions(List<ScoringRequest> requests, int[] indexes) {
      this.requests = requests;
      this.indexes = indexes;
      int count = Arrays.stream(indexes).map(index -> scored(requests.get(index))).sum();
      places = new long[count];
      targets = new long[count];
      logProbabilities = new double[count];
      greedy = new boolean[count];
    }

    private static int scored(ScoringRequest request) {
      return request.tokenIds().length - request.from();
    }

    int count() {
      return places.length;
    }

    /** The next request, whose tokens stand one after the other from a place on. */
    void add(long first) {
      add(first, first + 1);
    }

    /** The next request, whose first place stands apart from the others. */
    void add(long first, long others) {
      ScoringRequest added = requests.get(indexes[request++]);
      for (int t = 0; t < scored(added); t++) {
        places[filled] = t == 0 ? first : others + t - 1;
        targets[filled++] = added.tokenIds()[added.from() + t];
      }
    }

    void write(TokenScores[] results) {
      int start = 0;
      for (int index : indexes) {
        int end = start + scored(requests.get(index));
        int first = start;
        int last = end;
        results[index] =
            new TokenScores(
                Arrays.copyOfRange(logProbabilities, start, end),
                Arrays.copyOfRange(greedy, start, end),
                distance.map(all ->
                    new TokenDivergences(
                        Arrays.copyOfRange(all.divergences(), first, last),
                        Arrays.copyOfRange(all.sameTop(), first, last),
                        Arrays.copyOfRange(all.changes(), first, last))));
        start = end;
      }
    }
  }

  /** Hidden states [B x T x D] after the last block. */
  private Tensor hidden(TransformerModel of, int[][] inputs) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden = of.embed(inputs);
      for (int layer = 0; layer < of.architecture().layers(); layer++) {
        if (cancelled.getAsBoolean()) {
          throw new CancellationException("scoring was interrupted");
        }
        Tensor next = of.block(layer, hidden, LinearInputObserver.NONE);
        hidden.close();
        hidden = next;
      }
      return scope.keep(hidden);
    }
  }

  /** Scores hidden states [P x D], some logits at a time. */
  private void score(Tensor hidden, Positions positions) {
    score(hidden, positions, (_, _, _) -> {});
  }

  /** What else is done with the logits of some positions. */
  private interface More {
    void with(int from, long[] wanted, Tensor logits);
  }

  private void score(Tensor hidden, Positions positions, More more) {
    // Beside a reference the same logits are there several times, in double precision.
    int most = reference.isEmpty() ? maxLogits : maxLogits / 8;
    int chunk = Math.max(1, most / model.architecture().vocabularySize());
    for (int start = 0; start < positions.count(); start += chunk) {
      int end = Math.min(positions.count(), start + chunk);
      try (TensorScope _ = TensorScope.open()) {
        long[] wanted = Arrays.copyOfRange(positions.places, start, end);
        long[] expected = Arrays.copyOfRange(positions.targets, start, end);
        Tensor logits = model.head(hidden.indexSelect(0, indexes(wanted, hidden)));
        long[] best = logits.argmax(1).toLongs();
        double[] chosen =
            logits.gather(1, indexes(expected, hidden).view(expected.length, 1)).toDoubles();
        double[] normaliser = logits.to(ElementType.F64).logSumExp(1).toDoubles();
        for (int i = 0; i < wanted.length; i++) {
          positions.logProbabilities[start + i] = chosen[i] - normaliser[i];
          positions.greedy[start + i] = best[i] == expected[i] && Double.isFinite(chosen[i]);
        }
        more.with(start, wanted, logits);
      }
    }
  }

  private static Tensor indexes(long[] values, Tensor like) {
    return Tensor.fromLongs(values, values.length).to(like.device());
  }
}
