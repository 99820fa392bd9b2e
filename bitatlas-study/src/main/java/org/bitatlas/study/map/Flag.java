package org.bitatlas.study.map;

/** What a reader must know about a cell whose state is OK. */
public enum Flag {
  /** The 95 % interval does not lie above the accuracy of guessing. */
  AT_CHANCE,
  /** The float model itself does not do better than guessing: nothing can be lost. */
  FLOAT_UNINFORMATIVE
}
