package org.bitatlas.study.bench;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.bitatlas.tensor.ElementType;

/**
 * What the machine can do, measured in a round beside the schemes.
 *
 * @param bytesPerSecond memory read and not written
 * @param operationsPerSecond products of a block's linear layers by oneDNN with packed weights, 2 M
 *     N K operations each, by type of the factors; a type that the CPU has no kernels for is left
 *     out
 */
public record Limits(double bytesPerSecond, Map<ElementType, Double> operationsPerSecond) {

  /** Takes a copy. */
  public Limits {
    operationsPerSecond = new EnumMap<>(operationsPerSecond);
  }

  /** The peak of products of a type, where there is one. */
  public OptionalDouble peak(ElementType type) {
    Double peak = operationsPerSecond.get(type);
    return peak == null ? OptionalDouble.empty() : OptionalDouble.of(peak);
  }
}
