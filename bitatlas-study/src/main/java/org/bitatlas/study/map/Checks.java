package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.Check.Answer;

/**
 * Statements that a sound map of round-to-nearest and calibrated methods should bear out. Every
 * answer pools the paired items of all accuracy tasks that both rows have in state OK.
 */
final class Checks {
  private static final double SIGNIFICANCE = 0.05;
  private static final double MOST = 0.9;

  private final List<MapRow> rows;
  private final List<List<MapCell>> cells;
  private final double margin;

  private Checks(List<MapRow> rows, List<List<MapCell>> cells, double margin) {
    this.rows = rows;
    this.cells = cells;
    this.margin = margin;
  }

  static List<Check> of(List<MapRow> rows, List<List<MapCell>> cells, double margin) {
    Checks checks = new Checks(rows, cells, margin);
    List<Check> all = new ArrayList<>();
    for (String model : rows.stream().map(MapRow::model).distinct().toList()) {
      all.addAll(checks.of(model));
    }
    return List.copyOf(all);
  }

  private List<Check> of(String model) {
    List<Integer> members = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).model().equals(model)) {
        members.add(i);
      }
    }
    int base = members.getFirst();
    List<Integer> quantized =
        members.stream().filter(i -> !rows.get(i).isFloat() && !rows.get(i).isForeign()).toList();
    List<Check> checks = new ArrayList<>();
    for (int i : quantized) {
      if (rows.get(i).bits() == 8) {
        checks.add(withinNoise(base, i));
        checks.add(keepsMost(base, i));
      }
    }
    // Checkpoints of one format need not be of one method: no ladder of bits.
    for (String method :
        quantized.stream()
            .filter(i -> !rows.get(i).isCheckpoint())
            .map(i -> rows.get(i).method())
            .distinct()
            .toList()) {
      List<Integer> ladder =
          quantized.stream()
              .filter(i -> rows.get(i).method().equals(method))
              .sorted(Comparator.comparing((Integer i) -> -rows.get(i).bits()))
              .toList();
      if (ladder.size() >= 2) {
        checks.add(graded(method, base, ladder));
      }
    }
    for (int first : quantized) {
      for (int second : quantized) {
        if (rows.get(first).method().equals("RTN")
            && rows.get(second).method().equals("GPTQ")
            && rows.get(first).bits() == rows.get(second).bits()) {
          checks.add(atOrAbove(first, second));
        }
      }
    }
    return checks;
  }

  private Check withinNoise(int base, int row) {
    String statement = rows.get(row).recipe() + " is within noise of float";
    Optional<PairedCounts> pooled = pooled(base, row);
    if (pooled.isEmpty() || broken(row) > 0) {
      return new Check(statement, Answer.NOT_ENOUGH_DATA, unmeasured(row));
    }
    PairedCounts counts = pooled.get();
    boolean worse = PairedItems.pValue(counts) < SIGNIFICANCE && counts.difference() < 0;
    Answer answer = Answer.NOT_ENOUGH_DATA;
    if (worse) {
      answer = Answer.NO;
    } else if (PairedItems.verdict(counts, margin) == Verdict.NON_INFERIOR) {
      answer = Answer.YES;
    }
    return new Check(
        statement,
        answer,
        numbers(counts) + String.format(Locale.ROOT, ", margin %.1f points", 100 * margin));
  }

  /** Over nine tenths of float's accuracy on each task: the paired bootstrap's bounds decide. */
  private Check keepsMost(int base, int row) {
    String statement =
        rows.get(row).recipe() + " keeps more than 90 % of float's accuracy on every task";
    Answer answer = Answer.YES;
    String lowest = "";
    double low = Double.POSITIVE_INFINITY;
    for (int column = 0; column < cells.get(row).size(); column++) {
      MapCell cell = cells.get(row).get(column);
      boolean counts =
          cell.planned().metric() == Metric.ACCURACY
              && cells.get(base).get(column).state() == CellState.OK
              && !cell.flags().contains(Flag.FLOAT_UNINFORMATIVE);
      if (!counts) {
        continue;
      }
      Comparison.Ratio ratio = cell.comparison().ratio();
      boolean fails =
          cell.state() == CellState.COLLAPSED
              || cell.state() == CellState.NON_FINITE
              || ratio.high() < MOST;
      if (fails) {
        answer = Answer.NO;
      } else if (!(ratio.low() > MOST) && answer == Answer.YES) {
        answer = Answer.NOT_ENOUGH_DATA;
      }
      if (fails || ratio.low() < low) {
        low = fails ? Double.NEGATIVE_INFINITY : ratio.low();
        lowest =
            "lowest: "
                + cell.planned().column().label()
                + (Double.isNaN(ratio.value())
                    ? " " + cell.state()
                    : String.format(
                        Locale.ROOT,
                        " %.1f %%, one-sided 95 %% bounds %.1f and %.1f %%",
                        100 * ratio.value(),
                        100 * ratio.low(),
                        100 * ratio.high()));
      }
    }
    return lowest.isEmpty()
        ? new Check(statement, Answer.NOT_ENOUGH_DATA, "no task is OK in both")
        : new Check(statement, answer, lowest);
  }

  private Check graded(String method, int base, List<Integer> ladder) {
    String statement = method + " loses more with every step to fewer bits";
    List<String> steps = new ArrayList<>();
    Answer answer = Answer.YES;
    int wide = base;
    for (int narrow : ladder) {
      if (unknown(narrow) > 0) {
        return new Check(statement, Answer.NOT_ENOUGH_DATA, unmeasured(narrow));
      }
      Optional<PairedCounts> counts = pooled(wide, narrow);
      String name = "W" + rows.get(narrow).bits();
      if (broken(narrow) > broken(wide)) {
        steps.add(name + ": " + broken(narrow) + " cells collapsed");
      } else if (counts.isEmpty()) {
        steps.add(name + ": as many cells collapsed as the step before");
      } else {
        steps.add(name + String.format(Locale.ROOT, " %+.1f", 100 * counts.get().difference()));
        if (counts.get().difference() > 0 && PairedItems.pValue(counts.get()) < SIGNIFICANCE) {
          answer = Answer.NO;
        }
      }
      wide = narrow;
    }
    int last = ladder.getLast();
    Optional<PairedCounts> total = pooled(base, last);
    boolean lost =
        broken(last) > broken(base)
            || total
                .filter(c -> c.difference() < 0 && PairedItems.pValue(c) < SIGNIFICANCE)
                .isPresent();
    if (answer == Answer.YES && !lost) {
      answer = Answer.NOT_ENOUGH_DATA;
    }
    return new Check(
        statement, answer, "points against the step before: " + String.join(", ", steps));
  }

  private Check atOrAbove(int lower, int upper) {
    int bits = rows.get(upper).bits();
    String statement = "GPTQ is at or above RTN at " + bits + " bits";
    Optional<PairedCounts> pooled = pooled(lower, upper);
    if (pooled.isEmpty()) {
      boolean onlyLowerBroke = broken(lower) > broken(upper) && unknown(upper) == 0;
      return new Check(
          statement,
          onlyLowerBroke ? Answer.YES : Answer.NOT_ENOUGH_DATA,
          "no task is OK in both; collapsed or not finite: RTN "
              + broken(lower)
              + ", GPTQ "
              + broken(upper));
    }
    PairedCounts counts = pooled.get();
    Answer answer = Answer.NOT_ENOUGH_DATA;
    if (counts.difference() >= 0 && broken(upper) <= broken(lower)) {
      answer = Answer.YES;
    } else if (counts.difference() < 0 && PairedItems.pValue(counts) < SIGNIFICANCE) {
      answer = Answer.NO;
    }
    return new Check(statement, answer, numbers(counts));
  }

  private Optional<PairedCounts> pooled(int first, int second) {
    Optional<PairedCounts> sum = Optional.empty();
    for (int column = 0; column < cells.get(first).size(); column++) {
      MapCell one = cells.get(first).get(column);
      MapCell other = cells.get(second).get(column);
      boolean both = one.value().isPresent() && other.value().isPresent();
      if (both && one.planned().metric() == Metric.ACCURACY) {
        Optional<PairedCounts> task = PairedItems.of(one.samples(), other.samples());
        sum =
            sum.isPresent() && task.isPresent()
                ? Optional.of(PairedItems.sum(sum.get(), task.get()))
                : sum.or(() -> task);
      }
    }
    return sum;
  }

  /** Cells that were measured and broke: collapsed or not finite. */
  private int broken(int row) {
    return count(row, CellState.COLLAPSED) + count(row, CellState.NON_FINITE);
  }

  /** Cells that were not measured to their end. */
  private int unknown(int row) {
    return count(row, CellState.PARTIAL) + count(row, CellState.FAILED);
  }

  private int count(int row, CellState state) {
    return Math.toIntExact(cells.get(row).stream().filter(c -> c.state() == state).count());
  }

  private String unmeasured(int row) {
    return rows.get(row).recipe()
        + ": "
        + broken(row)
        + " cells collapsed or not finite, "
        + unknown(row)
        + " not run or failed";
  }

  private static String numbers(PairedCounts counts) {
    return String.format(
        Locale.ROOT,
        "%+.2f points [%+.2f, %+.2f], %d broken, %d repaired of %d items, McNemar p %s",
        100 * counts.difference(),
        100 * PairedItems.interval(counts).low(),
        100 * PairedItems.interval(counts).high(),
        counts.lost(),
        counts.gained(),
        counts.items(),
        PairedItems.pValue(counts) < 0.001
            ? "< 0.001"
            : String.format(Locale.ROOT, "= %.3f", PairedItems.pValue(counts)));
  }
}
