package org.bitatlas.quant.transform;

/** Told how far a search is that takes minutes, on the thread that began it. */
@FunctionalInterface
public interface SearchListener {

  /** Listens to nothing. */
  SearchListener NONE = (_, _, _) -> {};

  /**
   * A step was made.
   *
   * @param what is searched, for example {@code scales of mlp.down_proj}
   * @param done steps made
   * @param steps all steps
   */
  void stepped(String what, int done, int steps);
}
