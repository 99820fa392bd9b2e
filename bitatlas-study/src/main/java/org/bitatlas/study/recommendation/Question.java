package org.bitatlas.study.recommendation;

import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.study.target.HardwareTarget;
import org.bitatlas.study.target.Workload;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What a user wants to know.
 *
 * @param model the study's model whose records are read
 * @param architecture of what will be served
 * @param shape name of that architecture where it is not the model's own; empty when it is
 * @param target where it will be served
 * @param memory bytes that it may take; empty for all that the target has
 * @param maxDrop largest loss of accuracy that is accepted, as a share of the items
 * @param task a task, the beginning of its name, {@code code}, or {@code all}
 * @param mode thinking mode; empty for any
 * @param workload what is asked of the model
 * @param preference what decides between settings that qualify
 */
public record Question(
    String model,
    Architecture architecture,
    String shape,
    HardwareTarget target,
    Optional<Double> memory,
    double maxDrop,
    String task,
    String mode,
    Workload workload,
    Preference preference) {

  /** What decides between settings that qualify. */
  public enum Preference {
    /** Seconds of the workload. */
    SPEED,
    /** Bytes. */
    MEMORY,
    /** Difference to float over the tasks asked for. */
    ACCURACY
  }

  /**
   * Checks the amounts.
   *
   * @throws BitAtlasException when the loss is not a share above 0
   */
  public Question {
    if (!(maxDrop > 0 && maxDrop < 1)) {
      throw new BitAtlasException(
          "The largest accepted drop is %s of all items; give more than 0 and less than 100 points."
              .formatted(maxDrop));
    }
  }

  /** Bytes it may take: what the user allows, at most what the target has. */
  double memoryLimit() {
    return Math.min(memory.orElse(Double.POSITIVE_INFINITY), target.memory().value());
  }
}
