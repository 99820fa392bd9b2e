package org.bitatlas.kernel;

/**
 * What computes a product.
 *
 * @param types operands and sums, for example {@code s8 x s4 -> s32}
 * @param kernel name of the kernel, for example {@code integer rows}
 * @param instructions instruction set or implementation, for example {@code vector-512}
 */
public record KernelChoice(String types, String kernel, String instructions) {

  @Override
  public String toString() {
    return "%s, %s (%s)".formatted(types, kernel, instructions);
  }
}
