package org.bitatlas.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bitatlas.kernel.PagedSequence;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Rows that are decoded together, each with its own keys and values: {@link #add} when they come,
 * {@link #step} per new token, {@link #keepRows} when others are done. A prompt longer than {@value
 * #CHUNK} tokens is read a chunk at a time, so that hidden states of one chunk are held at once. A
 * prompt may go on from a {@link Prefix} that another row has read. Used by one thread.
 *
 * <p>Where the caller wants to stop, a call that reads tokens ends before its next layer with a
 * {@link CancellationException}; the batch can then only be closed.
 */
public final class DecodingBatch implements AutoCloseable {

  /** In place of a token id: the row is done and its logits are not looked at. */
  public static final int IDLE = -1;

  /** Most tokens of a prompt that are read together. */
  public static final int CHUNK = 512;

  /** Tokens after a prefix from which on they are read as a chunk of their own. */
  private static final int LONG = 64;

  private final TransformerModel model;
  private final BooleanSupplier cancelled;
  private final List<PagedSequence> rows = new ArrayList<>();
  private Optional<SequenceReader> opened = Optional.empty();

  DecodingBatch(TransformerModel model, BooleanSupplier cancelled) {
    this.model = model;
    this.cancelled = cancelled;
  }

  /** The first tokens of a row, read once, for prompts that begin with them. */
  public static final class Prefix implements AutoCloseable {
    private final PagedSequence sequence;
    private final int length;

    private Prefix(PagedSequence sequence, int length) {
      this.sequence = sequence;
      this.length = length;
    }

    /** Tokens. */
    public int length() {
      return length;
    }

    /** The first of these tokens; lives as long as this prefix does. */
    public Prefix first(int tokens) {
      return new Prefix(sequence, tokens);
    }

    /** Gives the keys and values back. */
    @Override
    public void close() {
      sequence.close();
    }
  }

  private SequenceReader reader() {
    if (opened.isEmpty()) {
      opened = Optional.of(new SequenceReader(model, model.newCache(), cancelled));
    }
    return opened.get();
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
    return logitsOf(addHidden(prompts, Collections.nCopies(prompts.length, Optional.empty())));
  }

  /**
   * Reads the prompts of more rows, each from where its prefix ends.
   *
   * @param prompts B prompts, the tokens of their prefix included and at least one more
   * @param prefixes B prefixes, where there are any; they stay the caller's
   * @return fp32 logits [B x V] for the token after each prompt
   */
  public Tensor add(int[][] prompts, List<Optional<Prefix>> prefixes) {
    return logitsOf(addHidden(prompts, prefixes));
  }

  /** As {@link #add(int[][])}; the hidden states [B x D] of the last tokens after all blocks. */
  public Tensor addHidden(int[][] prompts) {
    return addHidden(prompts, Collections.nCopies(prompts.length, Optional.empty()));
  }

  private Tensor logitsOf(Tensor hidden) {
    Tensor logits = model.head(hidden);
    hidden.close();
    return logits;
  }

  private Tensor addHidden(int[][] prompts, List<Optional<Prefix>> prefixes) {
    int longest = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).max().orElse(0);
    model.requireContext(longest);
    List<PagedSequence> added = new ArrayList<>();
    List<Integer> together = new ArrayList<>();
    List<Integer> alone = new ArrayList<>();
    List<Integer> continued = new ArrayList<>();
    for (int row = 0; row < prompts.length; row++) {
      Optional<Prefix> prefix = prefixes.get(row);
      added.add(
          prefix.isPresent()
              ? prefix.get().sequence.fork(prefix.get().length())
              : reader().cache().newSequence());
      int rest = prompts[row].length - added.get(row).length();
      boolean fresh = prefix.isEmpty();
      if (fresh && rest <= CHUNK) {
        together.add(row);
      } else if (rest >= LONG) {
        alone.add(row);
      } else {
        continued.add(row);
      }
    }
    rows.addAll(added);
    try (TensorScope scope = TensorScope.open()) {
      List<Tensor> hidden = new ArrayList<>();
      if (!together.isEmpty()) {
        hidden.add(reader().whole(pick(prompts, together), pick(added, together)));
      }
      for (int row : alone) {
        hidden.add(reader().inChunks(prompts[row], added.get(row)));
      }
      if (!continued.isEmpty()) {
        int[][] rests = new int[continued.size()][];
        long[] last = new long[rests.length];
        int end = 0;
        for (int i = 0; i < rests.length; i++) {
          int row = continued.get(i);
          rests[i] = Arrays.copyOfRange(prompts[row], added.get(row).length(), prompts[row].length);
          end += rests[i].length;
          last[i] = end - 1;
        }
        hidden.add(reader().selected(reader().append(pick(added, continued), rests), last));
      }
      long[] order = new long[prompts.length];
      int next = 0;
      for (List<Integer> part : List.of(together, alone, continued)) {
        for (int row : part) {
          order[row] = next++;
        }
      }
      Tensor all = hidden.size() == 1 ? hidden.getFirst() : Tensor.cat(hidden, 0);
      boolean ordered = hidden.size() == 1;
      return scope.keep(ordered ? all : reader().selected(all, order));
    }
  }

  private static int[][] pick(int[][] prompts, List<Integer> rows) {
    return rows.stream().map(row -> prompts[row]).toArray(int[][]::new);
  }

  private static List<PagedSequence> pick(List<PagedSequence> sequences, List<Integer> rows) {
    return rows.stream().map(sequences::get).toList();
  }

  /**
   * Appends one token to each row.
   *
   * @param tokens B token ids, {@link #IDLE} for rows that are done
   * @return fp32 logits [B x V] for the token after them; those of idle rows mean nothing
   */
  public Tensor step(int[] tokens) {
    if (tokens.length != rows.size()) {
      throw new IllegalArgumentException(
          "%d tokens for %d rows".formatted(tokens.length, rows.size()));
    }
    List<PagedSequence> active = new ArrayList<>();
    List<int[]> next = new ArrayList<>();
    long[] places = new long[tokens.length];
    for (int row = 0; row < tokens.length; row++) {
      if (tokens[row] != IDLE) {
        places[row] = active.size();
        active.add(rows.get(row));
        next.add(new int[] {tokens[row]});
      }
    }
    if (active.isEmpty()) {
      throw new IllegalStateException("no row to decode");
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor logits = model.head(reader().append(active, next.toArray(int[][]::new)));
      return scope.keep(
          active.size() == tokens.length ? logits : reader().selected(logits, places));
    }
  }

  /**
   * The hidden states of continuations of rows, which the rows do not keep.
   *
   * @param ofRow row of each continuation
   * @param tokens of each continuation, at least one
   * @return [N x D] after all blocks, N tokens in all, continuation after continuation
   */
  public Tensor continued(int[] ofRow, int[][] tokens) {
    List<PagedSequence> forks = new ArrayList<>();
    for (int row : ofRow) {
      forks.add(rows.get(row).fork(rows.get(row).length()));
    }
    Tensor hidden = reader().append(forks, tokens);
    forks.forEach(PagedSequence::close);
    return hidden;
  }

  /** The first tokens of a row, to be closed by the caller before the batch. */
  public Prefix prefix(int row, int tokens) {
    return new Prefix(rows.get(row).fork(tokens), tokens);
  }

  /** Keeps the given rows (indexes of the present ones), in their order. */
  public void keepRows(int[] kept) {
    List<PagedSequence> remaining = Arrays.stream(kept).mapToObj(rows::get).toList();
    boolean[] stays = new boolean[rows.size()];
    Arrays.stream(kept).forEach(row -> stays[row] = true);
    for (int row = 0; row < stays.length; row++) {
      if (!stays[row]) {
        rows.get(row).close();
      }
    }
    rows.clear();
    rows.addAll(remaining);
  }

  /**
   * Makes each row a copy of one of the present ones, which share what they have in common.
   *
   * @param sources index of a present row for each new row; a row may be named several times
   */
  public void rearrange(int[] sources) {
    boolean[] taken = new boolean[rows.size()];
    List<PagedSequence> arranged = new ArrayList<>();
    for (int source : sources) {
      PagedSequence row = rows.get(source);
      arranged.add(taken[source] ? row.fork(row.length()) : row);
      taken[source] = true;
    }
    for (int row = 0; row < taken.length; row++) {
      if (!taken[row]) {
        rows.get(row).close();
      }
    }
    rows.clear();
    rows.addAll(arranged);
  }

  /** Number of rows. */
  public int rows() {
    return rows.size();
  }

  /** Tokens that went through the blocks so far, padding not counted. */
  public long computedTokens() {
    return opened.map(SequenceReader::computedTokens).orElse(0L);
  }

  /** Bytes of the cache: of all pages that were in use at once. */
  public long cacheBytes() {
    return opened.map(reader -> reader.cache().bytes()).orElse(0L);
  }

  /** Frees the cache. */
  @Override
  public void close() {
    rows.clear();
    opened.ifPresent(reader -> reader.cache().close());
    opened = Optional.empty();
  }
}
