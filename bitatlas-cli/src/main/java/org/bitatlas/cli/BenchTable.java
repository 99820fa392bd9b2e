package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitatlas.model.Phase;
import org.bitatlas.study.bench.BenchResult;
import org.bitatlas.study.bench.BenchRun;
import org.bitatlas.study.bench.PhaseTimes;
import org.bitatlas.study.bench.SchemeResult;
import org.bitatlas.study.bench.Spread;
import org.bitatlas.tensor.ElementType;

/**
 * A bench as tables of 80 columns: schemes down with their rates, then phases down with schemes
 * across.
 */
final class BenchTable {

  private static final int LABEL = 13;
  private static final int COLUMN = 8;
  private static final String ROW = "%-15s%9s%12s%7s%12s%6s%9s%9s";

  private static final String PARTS = "%-15s%12s%12s%12s%14s";

  private final BenchResult result;
  private final List<String> lines = new ArrayList<>();

  private BenchTable(BenchResult result) {
    this.result = result;
  }

  static List<String> lines(BenchResult result) {
    BenchTable table = new BenchTable(result);
    table.rates();
    table.memory();
    table.limits();
    table.phases("Prefill of a prompt", SchemeResult::prefill, 1);
    table.phases("Decoding of a token", SchemeResult::decode, result.run().tokens());
    return table.lines;
  }

  private void rates() {
    BenchRun run = result.run();
    wrap(run.subject() + ": " + run.layers() + " blocks, " + run.weights());
    wrap(
        "Prompt of %d tokens; %d tokens decoded after %d; threads: %d; rounds: %d"
            .formatted(
                run.prompt(), run.tokens(), run.context(), run.threads(), run.limits().size()));
    if (run.machine().containsKey("device")) {
      wrap("Device: " + run.machine().get("device") + "; the limits are those of the CPU");
    }
    lines.add("");
    row("", "", "prefill", "of", "decode", "of", "first", "peak");
    row("scheme", "weights", "tokens/s", "oneDNN", "tokens/s", "read", "token", "memory");
    for (SchemeResult scheme : result.schemes()) {
      row(
          scheme.facts().scheme(),
          Amounts.bytes(scheme.facts().modelBytes()),
          swinging(scheme.prefillTokensPerSecond()),
          percent(scheme.linearsOfPeak()),
          swinging(scheme.decodeTokensPerSecond()),
          percent(scheme.decodeOfBandwidth()),
          time(scheme.secondsToFirstToken().median()),
          scheme.peakMemory().exists()
              ? Amounts.bytes(Math.round(scheme.peakMemory().median()))
              : "-");
    }
    lines.add("");
    execution("integer", "On packed codes, ");
    execution("simulated", "Simulated, on weights dequantized when loaded, ");
    wrap("Medians; ± is half the distance of the quartiles. Compare within this run only.");
  }

  private void execution(String execution, String words) {
    List<SchemeResult> schemes =
        result.schemes().stream()
            .filter(scheme -> scheme.facts().execution().equals(execution))
            .toList();
    if (!schemes.isEmpty()) {
      wrap(
          words
              + schemes.stream()
                  .map(scheme -> scheme.facts().scheme() + " in " + scheme.facts().arithmetic())
                  .collect(Collectors.joining(", "))
              + ".");
    }
  }

  /** Weights as stored, by part, and what a token adds to the cache. */
  private void memory() {
    lines.add("");
    lines.add(format(PARTS, "stored", "linears", "tables", "other", "cache/token").stripTrailing());
    for (SchemeResult scheme : result.schemes()) {
      lines.add(
          format(
              PARTS,
              scheme.facts().scheme(),
              Amounts.bytes(scheme.facts().linearBytes()),
              Amounts.bytes(scheme.facts().tableBytes()),
              Amounts.bytes(scheme.facts().otherBytes()),
              Amounts.bytes(scheme.facts().cachePerPosition())));
    }
  }

  private void limits() {
    List<String> peaks = new ArrayList<>();
    for (ElementType type : List.of(ElementType.F32, ElementType.BF16, ElementType.I8)) {
      Spread peak = result.peak(type);
      if (peak.exists()) {
        peaks.add("%s %.0f".formatted(type, peak.median() / 1e9));
      }
    }
    lines.add("");
    wrap(
        String.format(
            Locale.ROOT,
            "Limits in these rounds: memory read at %.1f GB/s (%.1f to %.1f)%s.",
            result.bandwidth().median() / 1e9,
            result.bandwidth().low() / 1e9,
            result.bandwidth().high() / 1e9,
            peaks.isEmpty()
                ? ""
                : "; oneDNN with packed weights, billion operations/s: "
                    + String.join(", ", peaks)));
  }

  /** Percent of the time by phase, in the round whose time is the median. */
  private void phases(String title, Function<SchemeResult, PhaseTimes> part, int parts) {
    int perBlock = (FactSheet.WIDTH - LABEL) / COLUMN;
    for (int from = 0; from < result.schemes().size(); from += perBlock) {
      List<SchemeResult> shown =
          result.schemes().subList(from, Math.min(result.schemes().size(), from + perBlock));
      lines.add("");
      lines.add(title + ", percent");
      for (int line = 0; line < 3; line++) {
        int at = line;
        if (shown.stream().anyMatch(scheme -> !partOfName(scheme, at).isEmpty())) {
          across("", shown, scheme -> partOfName(scheme, at));
        }
      }
      for (Phase phase : Phase.values()) {
        across(
            label(phase), shown, scheme -> format("%.1f", 100 * part.apply(scheme).share(phase)));
      }
      across("time", shown, scheme -> time(part.apply(scheme).seconds() / parts));
    }
  }

  /** The parts between the hyphens of a scheme's name stand one under the other. */
  private static String partOfName(SchemeResult scheme, int part) {
    String[] parts = scheme.facts().scheme().split("-", 3);
    return part < parts.length ? parts[part] : "";
  }

  private static String label(Phase phase) {
    return switch (phase) {
      case LINEAR -> "linears";
      case TRANSFORM -> "transforms";
      case NORM -> "norms";
      default -> phase.name().toLowerCase(Locale.ROOT);
    };
  }

  private void across(
      String label, List<SchemeResult> schemes, Function<SchemeResult, String> cell) {
    StringBuilder line = new StringBuilder(format("%-" + LABEL + "s", label));
    for (SchemeResult scheme : schemes) {
      line.append(format("%" + COLUMN + "s", cell.apply(scheme)));
    }
    lines.add(line.toString().stripTrailing());
  }

  private void row(Object... cells) {
    lines.add(format(ROW, cells).stripTrailing());
  }

  private void wrap(String text) {
    lines.addAll(FactSheet.wrapped(text, FactSheet.WIDTH));
  }

  /** A median with three digits, and half the distance of the quartiles in percent of it. */
  private static String swinging(Spread spread) {
    double median = spread.median();
    String digits = format(median < 10 ? "%.2f" : median < 100 ? "%.1f" : "%.0f", median);
    return digits + format(" ±%.0f%%", 50 * (spread.high() - spread.low()) / median);
  }

  private static String percent(Spread spread) {
    return spread.exists() ? format("%.0f %%", 100 * spread.median()) : "-";
  }

  private static String time(double seconds) {
    return seconds < 0.001
        ? format("%.0f µs", 1e6 * seconds)
        : seconds < 0.1
            ? format("%.1f ms", 1e3 * seconds)
            : seconds < 1 ? format("%.0f ms", 1e3 * seconds) : format("%.2f s", seconds);
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }
}
