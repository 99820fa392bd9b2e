package org.bitatlas.study;

import java.util.Optional;

/** The journal of a cell in a record store, with the time its calls took. */
final class StoredJournal implements CellJournal {
  private final RunStore store;
  private final String key;
  private final double before;
  private long since = System.nanoTime();

  /**
   * The journal of a key.
   *
   * @param key key of the cell's record
   */
  StoredJournal(RunStore store, String key) {
    this.store = store;
    this.key = key;
    this.before = store.journalSeconds(key);
  }

  /** Seconds of the calls that were kept before this run of the cell. */
  double secondsBefore() {
    return before;
  }

  @Override
  public Optional<byte[]> recall(int call) {
    return store.journaled(key, call);
  }

  @Override
  public void keep(int call, byte[] answer) {
    long now = System.nanoTime();
    store.putJournal(key, call, (now - since) / 1e9, answer);
    since = now;
  }
}
