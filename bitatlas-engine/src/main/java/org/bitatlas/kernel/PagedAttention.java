package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Softmax attention of single tokens over the pages of their sequences: no padding, every token
 * with its own number of keys, query heads of a group reading their key head once. Codes are
 * widened a panel at a time; their scale multiplies the finished dot product of a key, and the
 * weight of a value. Work is cut into tiles of a token and a key head, each of which one thread
 * computes alone, so results do not depend on how tiles are spread.
 *
 * <p>Kept between calls for its buffers; used by one thread.
 */
public final class PagedAttention {

  private static final int CHAINS = 4 * Panels.ROWS;

  private final PageLayout layout;
  private final int queryHeads;
  private final AttentionKernels kernels;
  private float[] queries = {};
  private float[] outputs = {};

  /**
   * Attention over pages of a layout.
   *
   * @param queryHeads H, a multiple of the layout's key heads
   */
  public PagedAttention(PageLayout layout, int queryHeads, AttentionKernels kernels) {
    this.layout = layout;
    this.queryHeads = queryHeads;
    this.kernels = kernels;
  }

  /** Room for the queries of {@code tokens} tokens [N x H x d]; to be filled before a call. */
  public float[] queries(int tokens) {
    int count = tokens * queryHeads * layout.dimension();
    if (queries.length < count) {
      queries = new float[count];
      outputs = new float[count];
    }
    return queries;
  }

  /**
   * Attends in one layer.
   *
   * @param sequences of each token, whose keys and values are written
   * @param lengths keys that each token sees, itself last
   * @param window most keys that are seen
   * @return [N x H x d], valid until the next call
   */
  public float[] attend(
      int layer, List<PagedSequence> sequences, int[] lengths, int window, KernelThreads threads) {
    threads.run(new Call(layer, sequences, lengths, window));
    return outputs;
  }

  private final class Call implements TileTask {
    private final HeadPanels keys;
    private final HeadPanels values;
    private final List<PagedSequence> sequences;
    private final int[] lengths;
    private final int window;

    Call(int layer, List<PagedSequence> sequences, int[] lengths, int window) {
      this.keys = layout.keys(layer);
      this.values = layout.values(layer);
      this.sequences = sequences;
      this.lengths = lengths;
      this.window = window;
    }

    @Override
    public int tileCount() {
      return lengths.length * layout.heads();
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int token = tile / layout.heads();
      int head = tile % layout.heads();
      int group = queryHeads / layout.heads();
      int dimension = layout.dimension();
      int length = lengths[token];
      int start = Math.max(0, length - window);
      int firstPage = start / Panels.ROWS;
      int pages = PageLayout.pages(length) - firstPage;
      int width = pages * Panels.ROWS;
      float[] scores = scratch.tile(group * width);
      MemorySegment wide =
          scratch.memory((long) Math.max(dimension, Panels.ROWS) * Panels.FLOATS_BYTES);
      PagedSequence sequence = sequences.get(token);
      int query = (token * queryHeads + head * group) * dimension;
      for (int page = 0; page < pages; page++) {
        MemorySegment memory = sequence.page(firstPage + page);
        scores(memory, head, query, group, scores, page * Panels.ROWS, width, wide);
      }
      float[] sums = scratch.rows(group);
      for (int q = 0; q < group; q++) {
        int from = q * width;
        int seen = start - firstPage * Panels.ROWS;
        Arrays.fill(scores, from, from + seen, Float.NEGATIVE_INFINITY);
        Arrays.fill(
            scores, from + length - firstPage * Panels.ROWS, from + width, Float.NEGATIVE_INFINITY);
        sums[q] = kernels.exponentials(scores, from, width, kernels.largest(scores, from, width));
      }
      float[] chains = scratch.chains(group * values.panels() * CHAINS);
      Arrays.fill(chains, 0, group * values.panels() * CHAINS, 0);
      for (int page = 0; page < pages; page++) {
        int first = page == 0 ? start % Panels.ROWS : 0;
        int end = Math.min(Panels.ROWS, length - (firstPage + page) * Panels.ROWS);
        MemorySegment memory = sequence.page(firstPage + page);
        addValues(memory, head, first, end, scores, page * Panels.ROWS, width, chains, wide);
      }
      finish(query, group, chains, sums);
    }

    /** Scores of the 32 tokens of a page. */
    private void scores(
        MemorySegment page,
        int head,
        int query,
        int group,
        float[] scores,
        int to,
        int width,
        MemorySegment wide) {
      int dimension = layout.dimension();
      float factor = (float) (1 / Math.sqrt(dimension));
      MemorySegment panel = page;
      long at = keys.panel(head, 0);
      if (keys.storage().width() < Float.SIZE) {
        kernels.widen(page, at, keys.storage().width(), dimension, wide);
        if (keys.shifted()) {
          kernels.shift(wide, dimension, page, keys.offsets(head), true);
        }
        panel = wide;
        at = 0;
      }
      for (int q = 0; q < group; q++) {
        int first = to + q * width;
        kernels.dot(panel, at, dimension, queries, query + q * dimension, scores, first);
        scale(page, keys, head, scores, first);
        for (int t = first; t < first + Panels.ROWS; t++) {
          scores[t] *= factor;
        }
      }
    }

    private void addValues(
        MemorySegment page,
        int head,
        int first,
        int end,
        float[] weights,
        int from,
        int width,
        float[] chains,
        MemorySegment wide) {
      int group = queryHeads / layout.heads();
      for (int q = 0; q < group; q++) {
        scale(page, values, head, weights, from + q * width);
      }
      for (int panel = 0; panel < values.panels(); panel++) {
        MemorySegment memory = page;
        long at = values.panel(head, panel);
        if (values.storage().width() < Float.SIZE) {
          kernels.widen(page, at, values.storage().width(), end, wide);
          if (values.shifted()) {
            kernels.shift(wide, end, page, values.offsets(head), false);
          }
          memory = wide;
          at = 0;
        }
        for (int q = 0; q < group; q++) {
          kernels.addDot(
              memory,
              at + (long) first * Panels.FLOATS_BYTES,
              end - first,
              weights,
              from + q * width + first,
              chains,
              (q * values.panels() + panel) * CHAINS);
        }
      }
    }

    /** Multiplies 32 numbers by the scales of their tokens, where codes are stored. */
    private static void scale(
        MemorySegment page, HeadPanels panels, int head, float[] numbers, int from) {
      if (panels.scaled()) {
        long scales = panels.scales(head);
        for (int t = 0; t < Panels.ROWS; t++) {
          numbers[from + t] *= page.get(Panels.FLOAT, scales + (long) t * Float.BYTES);
        }
      }
    }

    private void finish(int query, int group, float[] chains, float[] sums) {
      int dimension = layout.dimension();
      for (int q = 0; q < group; q++) {
        int to = query + q * dimension;
        for (int i = 0; i < dimension; i++) {
          int at = (q * values.panels() + i / Panels.ROWS) * CHAINS + i % Panels.ROWS;
          float sum =
              (chains[at] + chains[at + Panels.ROWS])
                  + (chains[at + 2 * Panels.ROWS] + chains[at + 3 * Panels.ROWS]);
          outputs[to + i] = sum / sums[q];
        }
      }
    }
  }
}
