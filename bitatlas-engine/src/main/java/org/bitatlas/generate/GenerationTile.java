package org.bitatlas.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.DecodingBatch;
import org.bitatlas.model.Phase;
import org.bitatlas.model.PhaseClock;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A continuous batch: requests enter in their order as others end, as far as rows and bytes of the
 * cache allow. A request is admitted with room for its whole budget, so that none has to leave
 * again. Prompts that begin alike share what is computed for the beginning.
 */
final class GenerationTile {

  /** Told of every new token and every finished request. */
  interface Listener {

    /** A token was appended; returns whether the request goes on. */
    boolean token(int request, int id);

    /** A request ended. */
    void finished(int request, Generation generation);
  }

  /** In place of a token whose logits are not finite. */
  private static final int NONE = -1;

  private final TransformerModel model;
  private final BatchLimits limits;
  private final long cacheBytes;
  private final Listener listener;
  private final BooleanSupplier cancelled;
  private long computedTokens;

  /**
   * A tile.
   *
   * @param cacheBytes most bytes of keys and values; enough for any one of its requests
   */
  GenerationTile(
      TransformerModel model,
      BatchLimits limits,
      long cacheBytes,
      Listener listener,
      BooleanSupplier cancelled) {
    this.model = model;
    this.limits = limits;
    this.cacheBytes = cacheBytes;
    this.listener = listener;
    this.cancelled = cancelled;
  }

  /** Tokens that went through the blocks so far. */
  long computedTokens() {
    return computedTokens;
  }

  private static final class Row {
    final int request;
    final GenerationRequest asked;
    final int pages;
    final Optional<TokenSampler> sampler;
    final List<Integer> ids = new ArrayList<>();
    final ReplyBudget budget;
    int token;
    boolean thinkingCut;
    boolean done;

    Row(int request, GenerationRequest asked) {
      this.request = request;
      this.asked = asked;
      this.pages = pages(asked);
      this.budget = new ReplyBudget(asked);
      this.sampler =
          switch (asked.sampling()) {
            case Sampling.Greedy _ -> Optional.empty();
            case Sampling.Random random -> Optional.of(new TokenSampler(random));
            case Sampling.Beam _ -> throw new IllegalArgumentException("beams have no tile");
          };
    }
  }

  /** Pages of keys and values when a request has used its budget. */
  static int pages(GenerationRequest request) {
    return PageLayout.pages((int) (request.promptIds().length + request.mostTokens()));
  }

  /** Generates for the requests at {@code indexes}. */
  void run(List<GenerationRequest> requests, int[] indexes) {
    List<Row> rows = new ArrayList<>();
    for (int index : indexes) {
      Row row = new Row(index, requests.get(index));
      if (row.asked.maxNewTokens() == 0) {
        finish(row, Reason.LENGTH);
      } else {
        rows.add(row);
      }
    }
    int[][] prompts = rows.stream().map(row -> row.asked.promptIds()).toArray(int[][]::new);
    try (DecodingBatch batch = model.newBatch(cancelled);
        PromptReader reader = new PromptReader(batch, prompts)) {
      ArrayDeque<Row> waiting = new ArrayDeque<>(rows);
      List<Row> active = new ArrayList<>();
      while (!active.isEmpty() || !waiting.isEmpty()) {
        int entering = entering(waiting, active, reader);
        if (entering > 0) {
          reader.read(
              rows.size() - waiting.size(),
              entering,
              (read, logits) -> {
                List<Row> added = read.stream().map(rows::get).toList();
                active.addAll(added);
                accept(added, logits);
              });
          for (int i = 0; i < entering; i++) {
            waiting.removeFirst();
          }
        } else {
          int[] tokens = active.stream().mapToInt(row -> row.token).toArray();
          try (TensorScope _ = TensorScope.open()) {
            accept(active, batch.step(tokens));
          }
        }
        dropEnded(batch, active);
      }
      computedTokens += batch.computedTokens();
    } catch (CancellationException stopped) {
      rows.stream().filter(row -> !row.done).forEach(row -> finish(row, Reason.CANCELLED));
    }
  }

  /**
   * How many requests enter now: as many as fit, but none until an eighth of the rows is free or
   * all that wait have room, because few prompts are read slower than many.
   */
  private int entering(ArrayDeque<Row> waiting, List<Row> active, PromptReader reader) {
    int free = limits.rows() - active.size();
    if (!active.isEmpty() && free < Math.min(waiting.size(), Math.max(1, limits.rows() / 8))) {
      return 0;
    }
    long most = cacheBytes / model.cacheLayout().bytes();
    long pages = active.stream().mapToLong(row -> row.pages).sum() + reader.keptPages();
    int count = 0;
    int longest = 0;
    for (Row row : waiting) {
      if (active.isEmpty() && count == 0 && pages + row.pages > most) {
        reader.forget();
        pages = 0;
      }
      longest = Math.max(longest, row.asked.promptIds().length);
      pages += row.pages;
      boolean fits = pages <= most && (long) longest * (count + 1) <= limits.promptTokens();
      boolean first = active.isEmpty() && count == 0;
      if (count == free || !(fits || first)) {
        break;
      }
      count++;
    }
    return count;
  }

  /** Chooses the next token of each row and ends those that have theirs. */
  private void accept(List<Row> rows, Tensor logits) {
    if (cancelled.getAsBoolean()) {
      throw new CancellationException("generation was cancelled");
    }
    int[] tokens = PhaseClock.time(Phase.SAMPLING, () -> choose(logits, rows));
    for (int i = 0; i < tokens.length; i++) {
      Row row = rows.get(i);
      row.token = closedOnBudget(row, tokens[i]);
      append(row, row.token).ifPresent(reason -> finish(row, reason));
    }
  }

  /** The next token of each row, {@link #NONE} for logits that are not finite. */
  private static int[] choose(Tensor logits, List<Row> rows) {
    int vocabulary = (int) logits.size(1);
    Tensor best = logits.argmax(1);
    long[] greedy = best.toLongs();
    float[] largest = logits.gather(1, best.unsqueeze(1)).toFloats();
    int[] tokens = new int[greedy.length];
    for (int i = 0; i < tokens.length; i++) {
      Row row = rows.get(i);
      if (!Float.isFinite(largest[i])) {
        tokens[i] = NONE;
      } else if (row.sampler.isEmpty()) {
        tokens[i] = (int) greedy[i];
      } else {
        float[] values = new float[vocabulary];
        logits.select(0, i).copyTo(values);
        OptionalInt drawn = row.sampler.get().choose(values);
        tokens[i] = drawn.orElse(NONE);
      }
    }
    return tokens;
  }

  /** The chosen token, or the closing one where the thinking has used its budget. */
  private static int closedOnBudget(Row row, int chosen) {
    int token = chosen == NONE ? NONE : row.budget.forced().orElse(chosen);
    row.thinkingCut |= token != chosen;
    return token;
  }

  private Optional<Reason> append(Row row, int token) {
    if (token == NONE) {
      return Optional.of(Reason.NON_FINITE);
    }
    if (row.asked.stopIds().contains(token)) {
      return Optional.of(Reason.STOP_TOKEN);
    }
    row.ids.add(token);
    row.budget.add(token);
    boolean wanted = listener.token(row.request, token);
    if (!wanted) {
      return Optional.of(Reason.CANCELLED);
    }
    if (row.asked.end().filter(end -> end.isReached(row.ids)).isPresent()) {
      return Optional.of(Reason.REACHED_END);
    }
    return row.budget.spent() ? Optional.of(Reason.LENGTH) : Optional.empty();
  }

  private void finish(Row row, Reason reason) {
    row.done = true;
    listener.finished(row.request, new Generation(List.copyOf(row.ids), reason, row.thinkingCut));
  }

  private static void dropEnded(DecodingBatch batch, List<Row> active) {
    int[] kept = new int[active.size()];
    int count = 0;
    for (int i = 0; i < kept.length; i++) {
      if (!active.get(i).done) {
        kept[count++] = i;
      }
    }
    if (count < kept.length) {
      batch.keepRows(Arrays.copyOf(kept, count));
      active.removeIf(row -> row.done);
    }
  }
}
