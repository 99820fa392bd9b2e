package org.bitatlas.cli;

import java.util.Locale;

/** Results as the tables of the terminal show them. */
final class Figures {

  /** An accuracy in percent with one decimal, or a perplexity with three digits. */
  static String primary(boolean perplexity, double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    if (!perplexity) {
      return String.format(Locale.ROOT, "%.1f %%", 100 * value);
    }
    return value >= 100_000
        ? String.format(Locale.ROOT, "%.1e", value)
        : String.format(Locale.ROOT, value >= 1000 ? "%.0f" : "%.2f", value);
  }

  /** Something per second, with three digits. */
  static String rate(double perSecond) {
    return String.format(
        Locale.ROOT, perSecond >= 100 ? "%.0f" : perSecond >= 10 ? "%.1f" : "%.2f", perSecond);
  }

  private Figures() {}
}
