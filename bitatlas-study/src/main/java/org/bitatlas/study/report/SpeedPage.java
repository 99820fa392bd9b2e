package org.bitatlas.study.report;

import com.hubspot.jinjava.objects.SafeString;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitatlas.model.Phase;
import org.bitatlas.study.bench.BenchResult;
import org.bitatlas.study.bench.BenchRun;
import org.bitatlas.study.bench.PhaseTimes;
import org.bitatlas.study.bench.SchemeResult;
import org.bitatlas.study.bench.Spread;
import org.bitatlas.tensor.ElementType;

/** A bench as one HTML page that loads nothing: tables, and charts of the same numbers. */
final class SpeedPage {

  private static final String NONE = "–";
  private static final double MEGA = 1e6;
  private static final double GIGA = 1e9;

  private SpeedPage() {}

  static String of(BenchResult result) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("subject", result.run().subject());
    values.put("summary", summary(result.run()));
    values.put("rows", result.schemes().stream().map(SpeedPage::row).toList());
    values.put("limits", limits(result));
    values.put("phases", List.of(Phase.values()).stream().map(SpeedPage::name).toList());
    values.put(
        "breakdowns",
        List.of(
            Map.of("title", "Prefill", "id", "prefill", "rows", breakdown(result, true)),
            Map.of("title", "Decoding", "id", "decode", "rows", breakdown(result, false))));
    values.put("facts", facts(result.run()));
    values.put("style", new SafeString(HtmlReport.resource("map.css")));
    values.put("script", new SafeString(HtmlReport.resource("speed.js")));
    values.put("charts", HtmlReport.charts());
    values.put("data", new SafeString(ScriptJson.of(SpeedJson.values(result))));
    return HtmlReport.render(HtmlReport.resource("speed.html.jinja"), values);
  }

  private static String summary(BenchRun run) {
    return "%d blocks, %s. Prompt of %d tokens; %d tokens decoded after %d; threads: %d; rounds: %d."
        .formatted(
            run.layers(),
            run.weights(),
            run.prompt(),
            run.tokens(),
            run.context(),
            run.threads(),
            run.limits().size());
  }

  private static Map<String, Object> row(SchemeResult result) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("name", result.facts().scheme());
    row.put("execution", result.facts().execution());
    row.put("words", result.facts().words());
    row.put("executionWords", result.facts().executionWords());
    row.put("model", format("%.1f", result.facts().modelBytes() / MEGA));
    row.put("linear", format("%.1f", result.facts().linearBytes() / MEGA));
    row.put("prefill", spread(result.prefillTokensPerSecond(), 1));
    row.put("first", spread(result.secondsToFirstToken(), 1e3));
    row.put("decode", spread(result.decodeTokensPerSecond(), 1));
    row.put("peak", percent(result.linearsOfPeak()));
    row.put("bandwidth", percent(result.decodeOfBandwidth()));
    row.put(
        "memory",
        result.peakMemory().exists() ? format("%.0f", result.peakMemory().median() / MEGA) : NONE);
    return row;
  }

  private static List<Map<String, String>> limits(BenchResult result) {
    List<Map<String, String>> limits = new ArrayList<>();
    limits.add(
        Map.of(
            "name",
            "Memory read, not written",
            "value",
            spread(result.bandwidth(), 1 / GIGA) + " GB/s"));
    for (ElementType type : List.of(ElementType.F32, ElementType.BF16, ElementType.I8)) {
      Spread peak = result.peak(type);
      if (peak.exists()) {
        limits.add(
            Map.of(
                "name",
                "oneDNN, packed weights, " + type,
                "value",
                spread(peak, 1 / GIGA) + " billion operations/s"));
      }
    }
    return limits;
  }

  private static List<Map<String, Object>> breakdown(BenchResult result, boolean prefill) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (SchemeResult scheme : result.schemes()) {
      PhaseTimes times = prefill ? scheme.prefill() : scheme.decode();
      List<String> shares = new ArrayList<>();
      for (Phase phase : Phase.values()) {
        shares.add(format("%.1f", 100 * times.share(phase)));
      }
      double milliseconds = 1e3 * times.seconds() / (prefill ? 1 : result.run().tokens());
      rows.add(
          Map.of(
              "name",
              scheme.facts().scheme(),
              "time",
              format(milliseconds < 100 ? "%.2f" : "%.0f", milliseconds),
              "shares",
              shares));
    }
    return rows;
  }

  private static List<Map<String, String>> facts(BenchRun run) {
    List<Map<String, String>> facts = new ArrayList<>();
    facts.add(Map.of("name", "Model", "value", run.subject()));
    facts.add(Map.of("name", "Weights", "value", run.weights()));
    run.machine()
        .forEach((name, value) ->
            facts.add(
                Map.of(
                    "name",
                    name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1),
                    "value",
                    value)));
    facts.add(Map.of("name", "Threads", "value", Integer.toString(run.threads())));
    return facts;
  }

  private static String name(Phase phase) {
    return switch (phase) {
      case LINEAR -> "linears";
      case QUANTIZATION -> "quantization";
      case TRANSFORM -> "transforms";
      case NORM -> "norms";
      default -> phase.name().toLowerCase(Locale.ROOT);
    };
  }

  /** Median and quartiles. */
  private static String spread(Spread spread, double factor) {
    if (!spread.exists()) {
      return NONE;
    }
    String form = spread.median() * factor < 100 ? "%.2f" : "%.0f";
    return format(form, factor * spread.median())
        + " ["
        + format(form, factor * spread.low())
        + ", "
        + format(form, factor * spread.high())
        + "]";
  }

  private static String percent(Spread spread) {
    return spread.exists() ? format("%.0f", 100 * spread.median()) : NONE;
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }
}
