package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.study.target.Prediction;

/** Why the second is not the first. */
final class RunnerUp {
  private RunnerUp() {}

  /**
   * The reason in words.
   *
   * @param load under which both were measured, where all that qualify were: then no predicted time
   *     stands beside it
   */
  static String reason(
      Candidate chosen, Candidate other, Question.Preference preference, Optional<String> load) {
    if (other.row().isFloat()) {
      return "a quantized setting that qualifies goes before the float model";
    }
    List<String> reasons = new ArrayList<>();
    Prediction first = chosen.prediction().orElseThrow();
    Prediction second = other.prediction().orElseThrow();
    double time = 100 * (second.requestSeconds() / first.requestSeconds() - 1);
    double memory = 100 * (second.memory().total() / first.memory().total() - 1);
    double points =
        100 * (other.difference().orElse(Double.NaN) - chosen.difference().orElse(Double.NaN));
    reasons.add(
        load.isPresent()
            ? String.format(
                Locale.ROOT,
                "%s %+.1f %% tokens/s (measured)",
                load.get(),
                100 * (rate(other, load.get()) / rate(chosen, load.get()) - 1))
            : String.format(Locale.ROOT, "time %+.1f %% (predicted)", time));
    reasons.add(String.format(Locale.ROOT, "memory %+.1f %% (predicted)", memory));
    reasons.add(String.format(Locale.ROOT, "accuracy %+.2f points (measured)", points));
    return preference.name().toLowerCase(Locale.ROOT)
        + " decides; against the chosen one: "
        + String.join(", ", reasons);
  }

  private static double rate(Candidate candidate, String load) {
    return candidate.measured(load).map(MeasuredSpeed::tokensPerSecond).orElse(Double.NaN);
  }
}
