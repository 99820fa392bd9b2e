package org.bitatlas.quant.sensitivity;

/** Told how far a measurement is. */
@FunctionalInterface
public interface SensitivityListener {

  /** Tells nobody. */
  SensitivityListener NONE = (_, _, _) -> {};

  /**
   * Something was measured.
   *
   * @param what what is going on, in a few words
   * @param done steps done
   * @param steps steps in all
   */
  void measured(String what, int done, int steps);
}
