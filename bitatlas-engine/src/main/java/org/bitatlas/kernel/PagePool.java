package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Pages of one layout. A page that no sequence holds any more is used again; closing the pool frees
 * all of them. Used by one thread; other threads may read pages.
 */
public final class PagePool implements AutoCloseable {

  private final PageLayout layout;
  private final Arena arena = Arena.ofShared();
  private final ArrayDeque<Page> free = new ArrayDeque<>();
  private int made;

  /** Memory for 32 tokens, and how many sequences hold it. */
  static final class Page {
    final MemorySegment memory;
    private int holders;

    private Page(MemorySegment memory) {
      this.memory = memory;
    }

    boolean shared() {
      return holders > 1;
    }
  }

  /** A pool without pages. */
  public PagePool(PageLayout layout) {
    this.layout = layout;
  }

  /** The layout of its pages. */
  public PageLayout layout() {
    return layout;
  }

  /** An empty sequence. */
  public PagedSequence newSequence() {
    return new PagedSequence(this);
  }

  /** A page with one holder and unspecified content. */
  Page take() {
    Page page = free.poll();
    if (page == null) {
      page = new Page(Panels.allocate(arena, layout.bytes()));
      made++;
    }
    page.holders = 1;
    return page;
  }

  /** Adds a holder. */
  Page hold(Page page) {
    page.holders++;
    return page;
  }

  /** Takes a holder away. */
  void release(Page page) {
    if (--page.holders == 0) {
      free.push(page);
    }
  }

  /** Pages that sequences hold, each counted once. */
  public int pagesInUse() {
    return made - free.size();
  }

  /** Bytes of all pages made so far: the most that were in use at once. */
  public long bytes() {
    return made * layout.bytes();
  }

  @Override
  public void close() {
    free.clear();
    arena.close();
  }
}
