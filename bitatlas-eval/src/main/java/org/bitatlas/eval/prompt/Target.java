package org.bitatlas.eval.prompt;

/** The right answer of a record. */
public sealed interface Target {

  /** Index of the right choice. */
  record Choice(int index) implements Target {}

  /** The answer as text. */
  record Text(String text) implements Target {}
}
