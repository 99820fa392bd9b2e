package org.bitatlas.study.findings;

import java.util.List;
import java.util.Locale;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.Comparison;

/** Figures as the sentences of the findings print them. */
final class Words {
  private static final int LISTED = 4;

  private Words() {}

  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /** A difference in points with its interval. */
  static String points(double delta, double low, double high) {
    return format("%+.1f points [%+.1f, %+.1f]", 100 * delta, 100 * low, 100 * high);
  }

  /** The difference of a cell to float with its interval. */
  static String difference(Metric metric, Comparison comparison) {
    return metric == Metric.PERPLEXITY
        ? format(
            "%+.2f %% perplexity [%+.2f, %+.2f]",
            100 * Math.expm1(comparison.delta()),
            100 * Math.expm1(comparison.low()),
            100 * Math.expm1(comparison.high()))
        : points(comparison.delta(), comparison.low(), comparison.high());
  }

  static String pValue(double value) {
    return value < 0.001 ? "< 0.001" : format("%.3f", value);
  }

  /** The first few of several names, and how many more there are. */
  static String listed(List<String> names) {
    return names.size() <= LISTED
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, LISTED)) + " and " + (names.size() - LISTED) + " more";
  }

  /** A number with its noun, which gets an s where there are several. */
  static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
