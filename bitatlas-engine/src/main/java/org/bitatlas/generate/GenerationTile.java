package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.model.DecodingBatch;
import org.bitatlas.model.Phase;
import org.bitatlas.model.PhaseClock;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * One batch of requests from prefill to the last token. Finished rows stay as idle rows until an
 * eighth of the batch is idle; then the batch is compacted.
 */
final class GenerationTile {

  /** Told of every new token and every finished request. */
  interface Listener {

    /** A token was appended; returns whether the request goes on. */
    boolean token(int request, int id);

    /** A request ended. */
    void finished(int request, Generation generation);
  }

  private static final int IDLE = DecodingBatch.IDLE;

  private final TransformerModel model;
  private final Listener listener;
  private final BooleanSupplier cancelled;

  GenerationTile(TransformerModel model, Listener listener, BooleanSupplier cancelled) {
    this.model = model;
    this.listener = listener;
    this.cancelled = cancelled;
  }

  private static final class Row {
    final int request;
    final GenerationRequest asked;
    final Optional<TokenSampler> sampler;
    final List<Integer> ids = new ArrayList<>();
    final ReplyBudget budget;
    boolean thinkingCut;
    boolean done;

    Row(int request, GenerationRequest asked) {
      this.request = request;
      this.asked = asked;
      this.budget = new ReplyBudget(asked);
      this.sampler =
          switch (asked.sampling()) {
            case Sampling.Greedy _ -> Optional.empty();
            case Sampling.Random random -> Optional.of(new TokenSampler(random));
          };
    }
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
    if (rows.isEmpty()) {
      return;
    }
    try (DecodingBatch batch = model.newBatch()) {
      int[] tokens;
      try (TensorScope _ = TensorScope.open()) {
        Tensor logits =
            batch.prefill(rows.stream().map(row -> row.asked.promptIds()).toArray(int[][]::new));
        tokens = PhaseClock.time(Phase.SAMPLING, () -> choose(logits, rows));
      }
      while (accept(rows, tokens)) {
        tokens = compact(batch, rows, tokens);
        try (TensorScope _ = TensorScope.open()) {
          Tensor logits = batch.step(tokens);
          tokens = PhaseClock.time(Phase.SAMPLING, () -> choose(logits, rows));
        }
      }
    }
  }

  /** The next token of each row, {@link #IDLE} for idle rows and for logits that are not finite. */
  private static int[] choose(Tensor logits, List<Row> rows) {
    int vocabulary = (int) logits.size(1);
    Tensor best = logits.argmax(1);
    long[] greedy = best.toLongs();
    float[] largest = logits.gather(1, best.unsqueeze(1)).toFloats();
    int[] tokens = new int[greedy.length];
    for (int i = 0; i < tokens.length; i++) {
      Row row = rows.get(i);
      if (row.done || !Float.isFinite(largest[i])) {
        tokens[i] = IDLE;
      } else if (row.sampler.isEmpty()) {
        tokens[i] = (int) greedy[i];
      } else {
        float[] values = new float[vocabulary];
        logits.select(0, i).copyTo(values);
        OptionalInt drawn = row.sampler.get().choose(values);
        tokens[i] = drawn.orElse(IDLE);
      }
    }
    return tokens;
  }

  /** Books the chosen tokens; returns whether any row goes on. Ended rows become idle. */
  private boolean accept(List<Row> rows, int[] tokens) {
    boolean stopping = cancelled.getAsBoolean();
    boolean goingOn = false;
    for (int i = 0; i < tokens.length; i++) {
      Row row = rows.get(i);
      if (row.done) {
        continue;
      }
      tokens[i] = closedOnBudget(row, tokens[i]);
      Optional<Reason> end = stopping ? Optional.of(Reason.CANCELLED) : append(row, tokens[i]);
      if (end.isPresent()) {
        finish(row, end.get());
        tokens[i] = IDLE;
      } else {
        goingOn = true;
      }
    }
    return goingOn;
  }

  /** The chosen token, or the closing one where the thinking has used its budget. */
  private static int closedOnBudget(Row row, int chosen) {
    int token = chosen == IDLE ? IDLE : row.budget.forced().orElse(chosen);
    row.thinkingCut |= token != chosen;
    return token;
  }

  private Optional<Reason> append(Row row, int token) {
    if (token == IDLE) {
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
    return row.budget.spent() ? Optional.of(Reason.LENGTH) : Optional.empty();
  }

  private void finish(Row row, Reason reason) {
    row.done = true;
    listener.finished(row.request, new Generation(List.copyOf(row.ids), reason, row.thinkingCut));
  }

  private static int[] compact(DecodingBatch batch, List<Row> rows, int[] tokens) {
    int[] active = new int[rows.size()];
    int count = 0;
    for (int i = 0; i < active.length; i++) {
      if (!rows.get(i).done) {
        active[count++] = i;
      }
    }
    int idle = rows.size() - count;
    if (idle == 0 || idle < rows.size() / 8) {
      return tokens;
    }
    int[] kept = Arrays.copyOf(active, count);
    batch.keepRows(kept);
    List<Row> remaining = Arrays.stream(kept).mapToObj(rows::get).toList();
    rows.clear();
    rows.addAll(remaining);
    return Arrays.stream(kept).map(i -> tokens[i]).toArray();
  }
}
