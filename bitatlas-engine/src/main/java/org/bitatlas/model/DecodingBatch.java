package org.bitatlas.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.kernel.PagedSequence;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Rows that are decoded together, each with its own keys and values: {@link #add} when they come,
 * {@link #step} per new token, {@link #keepRows} when others are done. Used by one thread.
 */
public final class DecodingBatch implements AutoCloseable {

  /** In place of a token id: the row is done and its logits are not looked at. */
  public static final int IDLE = -1;

  private final TransformerModel model;
  private final List<PagedSequence> rows = new ArrayList<>();
  private Optional<KeyValueCache> cache = Optional.empty();

  DecodingBatch(TransformerModel model) {
    this.model = model;
  }

  /**
   * Reads the prompts of a new batch; rows of an old one are forgotten.
   *
   * @param prompts B prompts of at least one token
   * @return fp32 logits [B x V] for the token after each prompt
   */
  public Tensor prefill(int[][] prompts) {
    close();
    return add(prompts);
  }

  /**
   * Reads the prompts of more rows, which come after the present ones.
   *
   * @param prompts B prompts of at least one token
   * @return fp32 logits [B x V] for the token after each prompt
   */
  public Tensor add(int[][] prompts) {
    if (cache.isEmpty()) {
      cache = Optional.of(model.newCache());
    }
    KeyValueCache filled = cache.get();
    List<PagedSequence> added = new ArrayList<>();
    long[] last = new long[prompts.length];
    int longest = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).max().orElse(0);
    for (int row = 0; row < prompts.length; row++) {
      last[row] = (long) row * longest + prompts[row].length - 1;
      PagedSequence sequence = filled.pool().newSequence();
      added.add(sequence);
      rows.add(sequence);
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden = model.embed(prompts);
      for (int row = 0; row < prompts.length; row++) {
        added.get(row).extend(prompts[row].length);
      }
      Attention attention = filled.whole(added);
      for (int layer = 0; layer < model.architecture().layers(); layer++) {
        hidden = nextHidden(hidden, layer, attention);
      }
      Tensor ends =
          hidden
              .view((long) prompts.length * longest, model.architecture().hiddenSize())
              .indexSelect(0, Tensor.fromLongs(last, last.length).to(model.device()));
      return scope.keep(model.head(ends));
    }
  }

  private Tensor nextHidden(Tensor hidden, int layer, Attention attention) {
    Tensor next = model.block(layer, hidden, attention, LinearInputObserver.NONE);
    hidden.close();
    return next;
  }

  /**
   * Appends one token to each row.
   *
   * @param tokens B token ids, {@link #IDLE} for rows that are done
   * @return fp32 logits [B x V] for the token after them; those of idle rows mean nothing
   */
  public Tensor step(int[] tokens) {
    KeyValueCache filled = cache.orElseThrow(() -> new IllegalStateException("prefill first"));
    if (tokens.length != rows.size()) {
      throw new IllegalArgumentException(
          "%d tokens for %d rows".formatted(tokens.length, rows.size()));
    }
    int[] active = new int[tokens.length];
    long[] logitsOf = new long[tokens.length];
    int count = 0;
    for (int row = 0; row < tokens.length; row++) {
      if (tokens[row] != IDLE) {
        logitsOf[row] = count;
        active[count++] = row;
      }
    }
    if (count == 0) {
      throw new IllegalArgumentException("every row is idle");
    }
    long[] ids = new long[count];
    int[] positions = new int[count];
    List<PagedSequence> sequences = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      PagedSequence sequence = rows.get(active[i]);
      ids[i] = model.requireToken(tokens[active[i]]);
      positions[i] = sequence.length();
      sequences.add(sequence);
    }
    sequences.forEach(sequence -> sequence.extend(1));
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden =
          model.blocksAt(
              model.embed(ids, count, 1),
              Arrays.stream(positions).asLongStream().toArray(),
              filled.tokens(sequences, positions));
      Tensor logits = model.head(hidden.view(count, model.architecture().hiddenSize()));
      return scope.keep(
          count == tokens.length
              ? logits
              : logits.indexSelect(
                  0, Tensor.fromLongs(logitsOf, logitsOf.length).to(logits.device())));
    }
  }

  /** Keeps the given rows (indexes of the present ones), in their order. */
  public void keepRows(int[] kept) {
    List<PagedSequence> remaining = Arrays.stream(kept).mapToObj(rows::get).toList();
    for (PagedSequence row : rows) {
      if (!remaining.contains(row)) {
        row.close();
      }
    }
    rows.clear();
    rows.addAll(remaining);
  }

  /** Number of rows. */
  public int rows() {
    return rows.size();
  }

  /** Frees the cache. */
  @Override
  public void close() {
    rows.clear();
    cache.ifPresent(KeyValueCache::close);
    cache = Optional.empty();
  }
}
