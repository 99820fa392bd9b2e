package org.bitatlas.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.bitatlas.kernel.PagedSequence;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Sends tokens through the blocks of a model and leaves their keys and values in a cache: whole
 * prompts together, a long one in chunks, or a few tokens of many sequences. Stops before a layer,
 * with a {@link CancellationException}, where the caller wants to.
 */
final class SequenceReader {

  private final TransformerModel model;
  private final KeyValueCache cache;
  private final BooleanSupplier cancelled;
  private long computedTokens;

  SequenceReader(TransformerModel model, KeyValueCache cache, BooleanSupplier cancelled) {
    this.model = model;
    this.cache = cache;
    this.cancelled = cancelled;
  }

  KeyValueCache cache() {
    return cache;
  }

  /** Tokens that were read, padding not counted. */
  long computedTokens() {
    return computedTokens;
  }

  /** Copies of some rows of hidden states. */
  Tensor selected(Tensor hidden, long[] places) {
    return hidden.indexSelect(0, Tensor.fromLongs(places, places.length).to(model.device()));
  }

  /** New sequences right-padded to one length; hidden states [B x D] of their last tokens. */
  Tensor whole(int[][] prompts, List<PagedSequence> sequences) {
    int longest = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).max().orElse(0);
    long[] last = new long[prompts.length];
    for (int row = 0; row < last.length; row++) {
      last[row] = (long) row * longest + prompts[row].length - 1;
      computedTokens += prompts[row].length;
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden = model.embed(prompts);
      for (int row = 0; row < prompts.length; row++) {
        sequences.get(row).extend(prompts[row].length);
      }
      Attention attention = cancellable(cache.whole(sequences));
      for (int layer = 0; layer < model.architecture().layers(); layer++) {
        Tensor next = model.block(layer, hidden, attention, LinearInputObserver.NONE);
        hidden.close();
        hidden = next;
      }
      Tensor flat = hidden.view((long) prompts.length * longest, model.architecture().hiddenSize());
      return scope.keep(selected(flat, last));
    }
  }

  /** The tokens that a sequence lacks, a chunk at a time; the hidden state [1 x D] of the last. */
  Tensor inChunks(int[] prompt, PagedSequence sequence) {
    try (TensorScope scope = TensorScope.open()) {
      while (true) {
        int start = sequence.length();
        int count = Math.min(DecodingBatch.CHUNK, prompt.length - start);
        long[] ids = new long[count];
        for (int t = 0; t < count; t++) {
          ids[t] = model.requireToken(prompt[start + t]);
        }
        sequence.extend(count);
        computedTokens += count;
        try (TensorScope ofChunk = TensorScope.open()) {
          Tensor hidden =
              model.blocksAt(
                  model.embed(ids, count, 1),
                  IntStream.range(start, start + count).asLongStream().toArray(),
                  cancellable(cache.chunk(sequence, start)));
          if (start + count == prompt.length) {
            Tensor last = hidden.narrow(0, count - 1L, 1).copy();
            ofChunk.keep(last);
            return scope.keep(last.view(1, model.architecture().hiddenSize()));
          }
        }
      }
    }
  }

  /** Tokens after those of each sequence; hidden states [N x D], row after row. */
  Tensor append(List<PagedSequence> sequences, int[][] tokens) {
    int count = Arrays.stream(tokens).mapToInt(each -> each.length).sum();
    long[] ids = new long[count];
    int[] positions = new int[count];
    List<PagedSequence> ofToken = new ArrayList<>();
    int next = 0;
    for (int row = 0; row < tokens.length; row++) {
      PagedSequence sequence = sequences.get(row);
      for (int t = 0; t < tokens[row].length; t++) {
        ids[next] = model.requireToken(tokens[row][t]);
        positions[next++] = sequence.length() + t;
        ofToken.add(sequence);
      }
    }
    for (int row = 0; row < tokens.length; row++) {
      sequences.get(row).extend(tokens[row].length);
    }
    computedTokens += count;
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden =
          model.blocksAt(
              model.embed(ids, count, 1),
              Arrays.stream(positions).asLongStream().toArray(),
              cancellable(cache.tokens(ofToken, positions)));
      return scope.keep(hidden.view(count, model.architecture().hiddenSize()));
    }
  }

  private Attention cancellable(Attention attention) {
    return new Attention() {
      @Override
      public boolean takesHeadsUnrounded(int layer) {
        return attention.takesHeadsUnrounded(layer);
      }

      @Override
      public Tensor attend(int layer, Tensor heads) {
        if (cancelled.getAsBoolean()) {
          throw new CancellationException("reading tokens was cancelled");
        }
        return attention.attend(layer, heads);
      }
    };
  }
}
