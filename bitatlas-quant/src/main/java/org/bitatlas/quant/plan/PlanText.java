package org.bitatlas.quant.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A plan as text. */
final class PlanText {

  private static final String ROW = "  %-22s %-14s %12s %14s %12s";
  private static final String FACT = "  %-37s %12s";
  private static final String COMPARISON = "  %-22s %14s %14s   %s";

  /** Share of its threads' time below which a machine is called busy. */
  private static final double BUSY = 0.8;

  private PlanText() {}

  static List<String> lines(Plan plan) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s: %s, %d threads"
            .formatted(
                plan.recipe(),
                plan.calibration()
                    .map(
                        set -> "%d sequences of %d tokens".formatted(set.sequences(), set.length()))
                    .orElse("no calibration"),
                plan.rates().threads()));
    lines.add("");
    lines.add("Predicted time");
    lines.add(row("", "", "amount", "measured rate", "time"));
    for (Stage stage : Stage.values()) {
      addStage(plan, stage, lines);
    }
    lines.add(row("all", "", "", "", Figures.time(seconds(plan.time()))));
    lines.add(
        String.format(
            Locale.ROOT,
            "  of which %.0f %% multiplies matrices.",
            100 * plan.matrixProductShare()));
    double share = plan.rates().share();
    if (share < BUSY) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  The machine is busy: measuring got %.0f %% of its threads' time.",
              100 * share));
      lines.add(
          "  With all of it the work takes about "
              + Figures.time(share * seconds(plan.time()))
              + ".");
    }
    lines.add("");
    lines.add("Predicted peak of memory, " + plan.memoryMoment());
    plan.memoryParts().forEach((part, bytes) -> lines.add(fact(part, Figures.bytes(bytes))));
    lines.add(fact("all", Figures.bytes(plan.memoryBytes())));
    lines.add("");
    lines.add("Predicted disk");
    lines.add(fact("hidden states, while it runs", Figures.bytes(plan.diskBytes())));
    lines.add(fact("quantized checkpoint", Figures.bytes(plan.outputBytes())));
    return lines;
  }

  private static void addStage(Plan plan, Stage stage, List<String> lines) {
    Map<Kernel, Double> amounts = new EnumMap<>(Kernel.class);
    for (Work work : plan.work()) {
      if (work.stage() == stage && work.amount() > 0) {
        amounts.merge(work.kernel(), work.amount(), Double::sum);
      }
    }
    String name = stage.label();
    for (Map.Entry<Kernel, Double> entry : amounts.entrySet()) {
      Kernel kernel = entry.getKey();
      double rate = plan.rates().of(kernel);
      lines.add(
          row(
              name,
              kernel.label(),
              Figures.amount(entry.getValue(), kernel.unit()),
              Figures.amount(rate, kernel.unit()) + "/s",
              Figures.time(entry.getValue() / rate)));
      name = "";
    }
  }

  static List<String> compare(Plan plan, Plan.Actual actual) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(Locale.ROOT, COMPARISON, "", "predicted", "measured", "").stripTrailing());
    for (Stage stage : Stage.values()) {
      Duration measured = actual.stages().get(stage);
      if (measured != null) {
        lines.add(times(stage.label(), plan.measuredTime(stage), measured));
      }
    }
    lines.add(times("time", plan.time(), actual.time()));
    if (actual.memoryBytes() > 0) {
      lines.add(bytes("peak memory", plan.memoryBytes(), actual.memoryBytes()));
    }
    if (actual.diskBytes() > 0) {
      lines.add(bytes("hidden states on disk", plan.diskBytes(), actual.diskBytes()));
    }
    lines.add(bytes("quantized checkpoint", plan.outputBytes(), actual.outputBytes()));
    return lines;
  }

  private static String times(String name, Duration predicted, Duration measured) {
    return String.format(
        Locale.ROOT,
        COMPARISON,
        name,
        Figures.time(seconds(predicted)),
        Figures.time(seconds(measured)),
        Figures.deviation(seconds(predicted), seconds(measured)));
  }

  private static String bytes(String name, long predicted, long measured) {
    return String.format(
        Locale.ROOT,
        COMPARISON,
        name,
        Figures.bytes(predicted),
        Figures.bytes(measured),
        Figures.deviation(predicted, measured));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() * 1e-9;
  }

  private static String row(String stage, String kernel, String amount, String rate, String time) {
    return String.format(Locale.ROOT, ROW, stage, kernel, amount, rate, time).stripTrailing();
  }

  private static String fact(String name, String value) {
    return String.format(Locale.ROOT, FACT, name, value);
  }
}
