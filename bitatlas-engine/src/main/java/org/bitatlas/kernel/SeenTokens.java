package org.bitatlas.kernel;

/** Keys and values of consecutive tokens, as attention computes with them. */
public sealed interface SeenTokens permits SeenHeads, SeenPages {

  /**
   * Reads a key.
   *
   * @param head key head
   * @param token counted from the first that is seen
   * @param target receives [d] from {@code to} on
   */
  void key(int head, int token, float[] target, int to);

  /** Reads a value, as {@link #key}. */
  void value(int head, int token, float[] target, int to);
}
