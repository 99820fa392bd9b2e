package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bitatlas.study.bench.PredictorCheck;

/** The predictor's check for a terminal: measured and predicted in columns of their own. */
final class PredictorTable {
  private static final String HEAD = "%-14s %12s %12s %6s %12s %12s %6s%n";
  private static final String LINE = "%-14s %12.1f %12.1f %5.0f%% %12.2f %12.2f %5.0f%%%n";

  static List<String> lines(PredictorCheck check) {
    StringBuilder text = new StringBuilder();
    text.append(
        "\nRoofline on the limits measured beside, tokens/s; share: measured / predicted\n");
    text.append(
        String.format(Locale.ROOT, HEAD, "", "prefill", "prefill", "", "decoding", "decoding", ""));
    text.append(
        String.format(
            Locale.ROOT,
            HEAD,
            "scheme",
            "measured",
            "predicted",
            "share",
            "measured",
            "predicted",
            "share"));
    for (PredictorCheck.Row row : check.rows()) {
      text.append(
          String.format(
              Locale.ROOT,
              LINE,
              row.scheme(),
              row.measuredPrefill().median(),
              row.predictedPrefill(),
              100 * row.measuredPrefill().median() / row.predictedPrefill(),
              row.measuredDecode().median(),
              row.predictedDecode(),
              100 * row.measuredDecode().median() / row.predictedDecode()));
    }
    text.append(error("Prefill", check.prefill()));
    text.append(error("Decoding", check.decode()));
    for (PredictorCheck.Row row : check.rows()) {
      if (row.predictedQuantization() > 0) {
        text.append(
            String.format(
                Locale.ROOT,
                "Rounding inputs in the prefill of %s: measured %.1f %%, predicted %.1f %%%n",
                row.scheme(),
                100 * row.measuredQuantization(),
                100 * row.predictedQuantization()));
      }
    }
    return new ArrayList<>(text.toString().lines().toList());
  }

  private static String error(String what, PredictorCheck.Error error) {
    return String.format(
        Locale.ROOT,
        "%s: %.0f %% of the roofline is reached (geometric mean);%n"
            + "  speed over the first scheme is off by %.0f %% (mean), %.0f %% (worst)%n",
        what,
        100 * error.reached(),
        100 * error.ordering(),
        100 * error.worst());
  }

  private PredictorTable() {}
}
