package org.bitatlas.quant.plan;

import java.util.Locale;

/** Numbers with their units, as a person reads them. */
final class Figures {

  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final String[] DECIMAL = {"", " k", " M", " G", " T", " P", " E"};

  private Figures() {}

  /** A size in bytes with three digits. */
  static String bytes(double bytes) {
    return scaled(bytes, 1024, BINARY, " ");
  }

  /** An amount with three digits, for example {@code 9.91 TFLOP}. */
  static String amount(double amount, String unit) {
    String scaled = scaled(amount, 1000, DECIMAL, "");
    return scaled.endsWith(" ") || Character.isDigit(scaled.charAt(scaled.length() - 1))
        ? scaled + " " + unit
        : scaled + unit;
  }

  private static String scaled(double amount, int step, String[] units, String space) {
    double value = amount;
    int unit = 0;
    while (value >= step && unit < units.length - 1) {
      value /= step;
      unit++;
    }
    int decimals = value >= 100 || unit == 0 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value) + space + units[unit];
  }

  /** A time in its two largest units. */
  static String time(double seconds) {
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60);
    }
    return String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
  }

  /** How far a prediction was off, for example {@code 12 % too little}. */
  static String deviation(double predicted, double actual) {
    if (actual == 0 || predicted == 0) {
      return predicted == actual ? "as predicted" : "not comparable";
    }
    double ratio = predicted / actual - 1;
    long percent = Math.round(100 * Math.abs(ratio));
    return percent == 0
        ? "as predicted"
        : percent + " % " + (ratio < 0 ? "too little" : "too much");
  }
}
