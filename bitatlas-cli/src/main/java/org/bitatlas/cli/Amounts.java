package org.bitatlas.cli;

import java.time.Duration;
import java.util.Locale;

/** Numbers with their units, as a person reads them. */
final class Amounts {

  private static final String[] BINARY_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final String[] COUNT_UNITS = {
    "", " thousand", " million", " billion", " trillion"
  };

  /** A size in bytes with three digits, for example {@code 10.0 MiB}. */
  static String bytes(long bytes) {
    return scaled(bytes, 1024, BINARY_UNITS, " ");
  }

  /** A count with three digits, for example {@code 5.25 million}. */
  static String count(long count) {
    return scaled(count, 1000, COUNT_UNITS, "");
  }

  private static String scaled(long amount, int step, String[] units, String space) {
    double value = amount;
    int unit = 0;
    while (value >= step && unit < units.length - 1) {
      value /= step;
      unit++;
    }
    int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value) + space + units[unit];
  }

  /** A duration in its two largest units, for example {@code 2 min 05 s}. */
  static String time(Duration duration) {
    long seconds = Math.round(duration.toMillis() / 1000.0);
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
    }
    return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds % 3600 / 60);
  }

  private Amounts() {}
}
