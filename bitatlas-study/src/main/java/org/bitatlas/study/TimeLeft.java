package org.bitatlas.study;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Estimates the time a study still needs from measured rates: seconds per item of a task in a mode
 * (the mean over all measured cells for one not measured yet), and seconds to quantize by method.
 */
final class TimeLeft {
  private final Map<StudyTask, double[]> secondsAndItems = new HashMap<>();
  private final Map<String, double[]> secondsAndCheckpoints = new HashMap<>();

  /** Takes in a finished cell. */
  synchronized void measured(RunRecord record) {
    if (record.items() > 0 && record.seconds() > 0) {
      add(secondsAndItems, record.column(), record.seconds(), record.items());
    }
  }

  /** Takes in a finished quantization. */
  synchronized void quantized(String method, double seconds) {
    add(secondsAndCheckpoints, method, seconds, 1);
  }

  private static <K> void add(Map<K, double[]> sums, K key, double seconds, int count) {
    double[] sum = sums.computeIfAbsent(key, _ -> new double[2]);
    sum[0] += seconds;
    sum[1] += count;
  }

  /** Time for the cells {@code missing}, of which {@code running} has {@code itemsDone} items. */
  synchronized Optional<Duration> estimate(
      List<PlannedCell> missing, PlannedCell running, int itemsDone) {
    if (secondsAndItems.isEmpty()) {
      return Optional.empty();
    }
    double mean = rate(secondsAndItems.values());
    double seconds = 0;
    for (PlannedCell cell : missing) {
      int items = cell.equals(running) ? Math.max(0, cell.items() - itemsDone) : cell.items();
      double[] measured = secondsAndItems.get(cell.column());
      seconds += items * (measured == null ? mean : measured[0] / measured[1]);
    }
    double meanCheckpoint =
        secondsAndCheckpoints.isEmpty() ? 0 : rate(secondsAndCheckpoints.values());
    for (PlannedCell first : oncePerRecipe(missing, running)) {
      double[] measured = secondsAndCheckpoints.get(first.method());
      seconds += measured == null ? meanCheckpoint : measured[0] / measured[1];
    }
    return Optional.of(Duration.ofMillis(Math.round(seconds * 1000)));
  }

  private static List<PlannedCell> oncePerRecipe(List<PlannedCell> missing, PlannedCell running) {
    Map<String, PlannedCell> byRecipe = new HashMap<>();
    for (PlannedCell cell : missing) {
      if (!cell.quantizationKey().isEmpty()
          && !cell.quantizationKey().equals(running.quantizationKey())) {
        byRecipe.putIfAbsent(cell.quantizationKey(), cell);
      }
    }
    return List.copyOf(byRecipe.values());
  }

  private static double rate(Iterable<double[]> sums) {
    double seconds = 0;
    double count = 0;
    for (double[] sum : sums) {
      seconds += sum[0];
      count += sum[1];
    }
    return seconds / count;
  }
}
