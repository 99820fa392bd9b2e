package org.bitatlas.model;

import java.util.Optional;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Rows that are decoded together with one key-value cache: {@link #prefill} once, then {@link
 * #step} per new token; rows that are done leave with {@link #keepRows}. Used by one thread.
 */
public final class DecodingBatch implements AutoCloseable {

  /** In place of a token id: the row is done and its logits are not looked at. */
  public static final int IDLE = -1;

  private final TransformerModel model;
  private Optional<KeyValueCache> cache = Optional.empty();

  DecodingBatch(TransformerModel model) {
    this.model = model;
  }

  /**
   * Reads the prompts.
   *
   * @param prompts B prompts of at least one token
   * @return fp32 logits [B x V] for the token after each prompt
   */
  public Tensor prefill(int[][] prompts) {
    int rows = prompts.length;
    int[] lengths = new int[rows];
    int longest = 0;
    for (int row = 0; row < rows; row++) {
      lengths[row] = prompts[row].length;
      longest = Math.max(longest, lengths[row]);
    }
    Architecture architecture = model.architecture();
    close();
    KeyValueCache filled =
        new KeyValueCache(
            architecture, model.precision().elementType(), model.device(), lengths, longest);
    cache = Optional.of(filled);
    CausalAttention causal = new CausalAttention(architecture);
    Attention capturing =
        (layer, heads) -> {
          filled.fill(heads.narrow(2, architecture.heads(), 2L * architecture.keyValueHeads()));
          return causal.attend(layer, heads);
        };
    long[] last = new long[rows];
    for (int row = 0; row < rows; row++) {
      last[row] = (long) row * longest + lengths[row] - 1;
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden = model.embed(prompts);
      for (int layer = 0; layer < architecture.layers(); layer++) {
        hidden = nextHidden(hidden, layer, capturing);
      }
      Tensor ends =
          hidden
              .view((long) rows * longest, architecture.hiddenSize())
              .indexSelect(0, Tensor.fromLongs(last, rows).to(model.device()));
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
   * @return fp32 logits [B x V] for the token after them
   */
  public Tensor step(int[] tokens) {
    KeyValueCache filled = cache.orElseThrow(() -> new IllegalStateException("prefill first"));
    if (tokens.length != filled.rows()) {
      throw new IllegalArgumentException(
          "%d tokens for %d rows".formatted(tokens.length, filled.rows()));
    }
    long[] ids = new long[tokens.length];
    long[] positions = filled.nextPositions();
    for (int row = 0; row < ids.length; row++) {
      if (tokens[row] == IDLE) {
        positions[row] = 0;
      } else {
        ids[row] = model.requireToken(tokens[row]);
      }
    }
    filled.advance();
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden = model.blocksAt(model.embed(ids, ids.length, 1), positions, filled);
      return scope.keep(model.head(hidden.view(ids.length, model.architecture().hiddenSize())));
    }
  }

  /** Keeps the given rows (indexes of the present ones), in their order. */
  public void keepRows(int[] rows) {
    cache.orElseThrow(() -> new IllegalStateException("prefill first")).keepRows(rows);
  }

  /** Frees the cache. */
  @Override
  public void close() {
    cache.ifPresent(KeyValueCache::close);
    cache = Optional.empty();
  }
}
