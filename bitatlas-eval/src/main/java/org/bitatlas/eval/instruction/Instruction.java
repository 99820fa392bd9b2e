package org.bitatlas.eval.instruction;

/** Something a reply must do, checked by a program. */
@FunctionalInterface
public interface Instruction {

  /** Whether the reply does it; {@code reply} has more than whitespace. */
  boolean isFollowed(String reply);
}
