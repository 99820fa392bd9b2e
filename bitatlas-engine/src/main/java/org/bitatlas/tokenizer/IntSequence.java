package org.bitatlas.tokenizer;

import java.util.Arrays;

/** A growing sequence of token ids. */
final class IntSequence {

  private int[] values = new int[64];
  private int size;

  void add(int value) {
    ensure(size + 1);
    values[size++] = value;
  }

  void addAll(int[] more) {
    ensure(size + more.length);
    System.arraycopy(more, 0, values, size, more.length);
    size += more.length;
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }

  private void ensure(int needed) {
    if (needed > values.length) {
      values = Arrays.copyOf(values, Math.max(needed, values.length * 2));
    }
  }
}
