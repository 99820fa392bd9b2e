package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Keys and values of one sequence: full pages, then one that is being filled. */
public final class PagedSequence implements AutoCloseable {

  private final PagePool pool;
  private final List<PagePool.Page> pages = new ArrayList<>();
  private int length;

  PagedSequence(PagePool pool) {
    this.pool = pool;
  }

  /** Tokens. */
  public int length() {
    return length;
  }

  /** Pages. */
  public int pages() {
    return pages.size();
  }

  /** Makes room for more tokens, whose keys and values are to be written layer after layer. */
  public void extend(int tokens) {
    length += tokens;
    while (pages.size() < PageLayout.pages(length)) {
      pages.add(pool.take());
    }
  }

  /**
   * A sequence that starts with the first tokens of this one: full pages are shared, the rest is
   * copied.
   */
  public PagedSequence fork(int tokens) {
    if (tokens > length) {
      throw new IllegalArgumentException("%d of %d tokens".formatted(tokens, length));
    }
    PagedSequence fork = new PagedSequence(pool);
    int full = tokens / PageLayout.TOKENS;
    for (int page = 0; page < full; page++) {
      fork.pages.add(pool.hold(pages.get(page)));
    }
    if (tokens > full * PageLayout.TOKENS) {
      PagePool.Page copy = pool.take();
      copy.memory.copyFrom(pages.get(full).memory);
      fork.pages.add(copy);
    }
    fork.length = tokens;
    return fork;
  }

  MemorySegment page(int index) {
    return pages.get(index).memory;
  }

  /**
   * The page of a position, to be written to.
   *
   * @throws IllegalStateException when other sequences hold it
   */
  MemorySegment writable(int position) {
    PagePool.Page page = pages.get(position / PageLayout.TOKENS);
    if (page.shared()) {
      throw new IllegalStateException("a page that sequences share is only read");
    }
    return page.memory;
  }

  /** Gives the pages back. */
  @Override
  public void close() {
    pages.forEach(pool::release);
    pages.clear();
    length = 0;
  }
}
