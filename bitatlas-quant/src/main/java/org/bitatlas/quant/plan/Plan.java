package org.bitatlas.quant.plan;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture;

/**
 * A prediction of what a quantization costs. Made by {@link CostModel#predict}.
 *
 * @param recipe label of the recipe
 * @param architecture the model
 * @param calibration shape of the calibration set; empty without one
 * @param rates what the machine was measured to do
 * @param work all work of all blocks
 * @param memoryMoment when most memory is taken
 * @param memoryParts what is in memory then, bytes by name
 * @param diskBytes hidden states on disk, at most
 * @param outputBytes tensors of the quantized checkpoint
 */
public record Plan(
    String recipe,
    Architecture architecture,
    Optional<Calibration> calibration,
    KernelRates rates,
    List<Work> work,
    String memoryMoment,
    SequencedMap<String, Long> memoryParts,
    long diskBytes,
    long outputBytes) {

  /** Copies the list. */
  public Plan {
    work = List.copyOf(work);
  }

  /**
   * What a quantization did cost.
   *
   * @param time from start to end
   * @param stages time of stages, as far as they were measured
   * @param memoryBytes peak of the physical memory of the process; 0 for not measured
   * @param diskBytes largest size of the hidden states on disk; 0 for not measured
   * @param outputBytes tensors of the quantized checkpoint
   */
  public record Actual(
      Duration time,
      Map<Stage, Duration> stages,
      long memoryBytes,
      long diskBytes,
      long outputBytes) {}

  /** Predicted time. */
  public Duration time() {
    return duration(work.stream().mapToDouble(rates::seconds).sum());
  }

  /** Predicted time of one stage. */
  public Duration time(Stage stage) {
    return duration(
        work.stream().filter(part -> part.stage() == stage).mapToDouble(rates::seconds).sum());
  }

  /** Predicted time of all stages whose time is measured as that of {@code stage}. */
  Duration measuredTime(Stage stage) {
    return duration(
        work.stream()
            .filter(part -> part.stage().measuredAs() == stage)
            .mapToDouble(rates::seconds)
            .sum());
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  /** Predicted share of the time that libtorch multiplies matrices, 0 to 1. */
  public double matrixProductShare() {
    double all = work.stream().mapToDouble(rates::seconds).sum();
    double products =
        work.stream()
            .filter(part -> part.kernel().isMatrixProduct())
            .mapToDouble(rates::seconds)
            .sum();
    return all == 0 ? 0 : products / all;
  }

  /** Predicted peak of the physical memory, in bytes. */
  public long memoryBytes() {
    return memoryParts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The prediction and what it rests on, line by line, for a terminal of 80 columns. */
  public List<String> lines() {
    return PlanText.lines(this);
  }

  /** What was predicted beside what it was, line by line. */
  public List<String> compare(Actual actual) {
    return PlanText.compare(this, actual);
  }
}
