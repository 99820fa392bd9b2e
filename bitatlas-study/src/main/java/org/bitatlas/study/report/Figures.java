package org.bitatlas.study.report;

import java.util.Locale;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.Check;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;

/** Numbers and words as every form of the report prints them. */
final class Figures {
  private static final String NONE = "–";

  private Figures() {}

  /** A share as percent with one decimal. */
  static String percent(double share) {
    return Double.isNaN(share) ? NONE : format("%.1f", 100 * share);
  }

  /** A perplexity with three significant digits or more. */
  static String perplexity(double value) {
    if (Double.isNaN(value)) {
      return NONE;
    }
    return value < 1000 ? format("%.1f", value) : format("%.3g", value);
  }

  /** The primary number of a cell, whatever its state; a dash when there is none. */
  static String primary(MapCell cell) {
    return cell.record()
        .map(record ->
            switch (record.metric()) {
              case ACCURACY -> percent(record.primary());
              case PERPLEXITY -> perplexity(record.primary());
              case SPEED -> format("%.1f", record.primary());
            })
        .orElse(NONE);
  }

  /** The 95 % interval of a cell's number; empty when it has none. */
  static String interval(MapCell cell) {
    return Double.isNaN(cell.low())
        ? ""
        : "[" + percent(cell.low()) + ", " + percent(cell.high()) + "]";
  }

  /** A difference to float: points, or percent of the perplexity. */
  static String delta(Metric metric, double delta) {
    if (Double.isNaN(delta)) {
      return NONE;
    }
    double shown =
        switch (metric) {
          case ACCURACY -> 100 * delta;
          case PERPLEXITY -> 100 * Math.expm1(delta);
          case SPEED -> Double.NaN;
        };
    String unit = metric == Metric.PERPLEXITY ? " %" : "";
    String digits = Math.abs(shown) >= 1000 ? format("%+.0f", shown) : format("%+.1f", shown);
    return (digits.equals("-0.0") ? "+0.0" : digits).replace('-', '−') + unit;
  }

  /** The words with a minus sign in front of negative numbers, not a hyphen. */
  static String withMinus(String words) {
    return words.replaceAll("-(?=\\d)", "−");
  }

  /** The interval of a difference to float. */
  static String deltaInterval(Metric metric, Comparison comparison) {
    return Double.isNaN(comparison.delta())
        ? ""
        : "[" + delta(metric, comparison.low()) + ", " + delta(metric, comparison.high()) + "]";
  }

  /** A p-value with two significant digits. */
  static String pValue(double value) {
    if (Double.isNaN(value)) {
      return NONE;
    }
    return value < 0.001 ? "< 0.001" : format("%.3f", value);
  }

  /** The words of a verdict. */
  static String words(Verdict verdict) {
    return switch (verdict) {
      case NON_INFERIOR -> "non-inferior";
      case WORSE -> "worse";
      case INCONCLUSIVE -> "inconclusive";
      case NOT_COMPARABLE -> "not comparable";
    };
  }

  /** The words of an answer. */
  static String words(Check.Answer answer) {
    return switch (answer) {
      case YES -> "yes";
      case NO -> "NO";
      case NOT_ENOUGH_DATA -> "not enough data";
    };
  }

  /** A number in few digits, for a narrow column. */
  static String compact(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? NONE : value < 0 ? "−∞" : "∞";
    }
    double size = Math.abs(value);
    if (size < 0.0005) {
      return size == 0 ? "0" : "<.001";
    }
    String text =
        size >= 99_999.5
            ? format("%.0e", value)
            : format(
                size >= 9.95 ? "%.0f" : size >= 0.995 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.3f",
                value);
    return text.replace('-', '−');
  }

  /** Bytes in MB or GB (powers of ten). */
  static String bytes(long bytes) {
    return bytes < 1_000_000_000 ? format("%.2f MB", bytes / 1e6) : format("%.2f GB", bytes / 1e9);
  }

  /** Items a second. */
  static String rate(double perSecond) {
    return Double.isNaN(perSecond) ? NONE : format(perSecond < 10 ? "%.2f" : "%.0f", perSecond);
  }

  /** Seconds as a person reads them. */
  static String seconds(double seconds) {
    if (seconds < 60) {
      return format("%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole < 3600
        ? format("%d min %d s", whole / 60, whole % 60)
        : format("%d h %d min", whole / 3600, whole % 3600 / 60);
  }

  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
