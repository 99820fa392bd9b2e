package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.map.MapSpeed;

/**
 * Speeds of one model that were measured in turns on one machine.
 *
 * @param speeds one per scheme
 */
record SpeedGroup(List<MapSpeed> speeds) {
  /** The scheme that the statements are about. */
  static final String SCHEME = "w8a8";

  static List<SpeedGroup> of(List<MapSpeed> all) {
    Map<String, List<MapSpeed>> groups = new LinkedHashMap<>();
    all.forEach(speed -> groups.computeIfAbsent(speed.group(), _ -> new ArrayList<>()).add(speed));
    return groups.values().stream().map(List::copyOf).map(SpeedGroup::new).toList();
  }

  /** The float scheme with the fastest prefill. */
  Optional<MapSpeed> fastestFloat() {
    return speeds.stream()
        .filter(MapSpeed::isFloat)
        .max(Comparator.comparingDouble(speed -> speed.metric("prefill_tokens_per_second")));
  }

  Optional<MapSpeed> scheme(String name) {
    return speeds.stream().filter(speed -> speed.scheme().equals(name)).findFirst();
  }

  /** The model and the machine, in words. */
  String subject() {
    MapSpeed first = speeds.getFirst();
    return Words.format(
        "%s, prompt of %s tokens, %s",
        first.record().model(),
        first.record().inputs().getOrDefault("prompt", "?"),
        first.record().inputs().getOrDefault("processor", "unknown processor"));
  }

  /** Seconds of the first over seconds of the second, in each round that both have. */
  static double[] prefillRatios(MapSpeed base, MapSpeed other) {
    double[] before = base.measure(SpeedRecord.PREFILL);
    double[] after = other.measure(SpeedRecord.PREFILL);
    double[] ratios = new double[Math.min(before.length, after.length)];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = before[i] / after[i];
    }
    return ratios;
  }
}
