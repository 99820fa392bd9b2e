package org.bitatlas.quant.plan;

/**
 * An amount of one kind of computation.
 *
 * @param stage what it is for
 * @param kernel the computation
 * @param amount how much, in the kernel's unit
 */
public record Work(Stage stage, Kernel kernel, double amount) {

  /** The same work {@code factor} times. */
  Work times(double factor) {
    return new Work(stage, kernel, amount * factor);
  }
}
