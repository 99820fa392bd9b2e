package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;

/** Moves keys and values of tokens to and from pages; kept for its buffers, used by one thread. */
public final class PageWriter {

  private final PageLayout layout;
  private final float[] token;
  private final ActivationRange range = new ActivationRange();

  /** A writer for pages of a layout. */
  public PageWriter(PageLayout layout) {
    this.layout = layout;
    this.token = new float[2 * layout.heads() * layout.dimension()];
  }

  /**
   * Stores keys and values of a token, rounding them to codes where the layer stores codes.
   *
   * @param source [2G x d] of F32 from float {@code at} on, keys first
   */
  public void write(
      int layer, PagedSequence sequence, int position, MemorySegment source, long at) {
    MemorySegment.copy(source, Panels.FLOAT, at * Float.BYTES, token, 0, token.length);
    MemorySegment page = sequence.writable(position);
    int slot = position % PageLayout.TOKENS;
    layout.keys(layer).write(page, slot, token, 0, range);
    layout.values(layer).write(page, slot, token, token.length / 2, range);
  }

  /**
   * What attention computes with in place of a token's keys and values.
   *
   * @param target receives [2G x d] of F32 from float {@code at} on, keys first
   */
  public void read(int layer, PagedSequence sequence, int position, MemorySegment target, long at) {
    MemorySegment page = sequence.page(position / PageLayout.TOKENS);
    int slot = position % PageLayout.TOKENS;
    int heads = layout.heads();
    int dimension = layout.dimension();
    for (int head = 0; head < heads; head++) {
      layout.keys(layer).read(page, slot, head, token, head * dimension);
      layout.values(layer).read(page, slot, head, token, (heads + head) * dimension);
    }
    MemorySegment.copy(token, 0, target, Panels.FLOAT, at * Float.BYTES, token.length);
  }

  /**
   * What attention computes with in place of the keys and values of consecutive tokens.
   *
   * @param first position
   * @param count tokens
   * @param keys receives [G x count x d] of F32
   * @param values receives [G x count x d] of F32
   */
  public void readAll(
      int layer,
      PagedSequence sequence,
      int first,
      int count,
      MemorySegment keys,
      MemorySegment values) {
    int dimension = layout.dimension();
    for (int head = 0; head < layout.heads(); head++) {
      for (int t = 0; t < count; t++) {
        MemorySegment page = sequence.page((first + t) / PageLayout.TOKENS);
        int slot = (first + t) % PageLayout.TOKENS;
        long to = ((long) head * count + t) * dimension * Float.BYTES;
        layout.keys(layer).read(page, slot, head, token, 0);
        MemorySegment.copy(token, 0, keys, Panels.FLOAT, to, dimension);
        layout.values(layer).read(page, slot, head, token, 0);
        MemorySegment.copy(token, 0, values, Panels.FLOAT, to, dimension);
      }
    }
  }
}
