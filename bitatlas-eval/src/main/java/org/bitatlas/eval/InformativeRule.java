package org.bitatlas.eval;

import java.util.Locale;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.WilsonInterval;

/**
 * Whether a cell of the float model carries information on quantization: the lower end of the 95 %
 * Wilson interval of its accuracy must exceed chance by a margin. A cell that fails is
 * FLOAT_UNINFORMATIVE: it cannot lose what the float model does not have.
 *
 * @param marginOverChance by how much the lower bound must exceed chance
 */
public record InformativeRule(double marginOverChance) {

  /** 10 points over chance. */
  public static final InformativeRule DEFAULT = new InformativeRule(0.10);

  /**
   * A decision and its numbers.
   *
   * @param informative whether the cell is informative
   * @param reason one line with the numbers
   */
  public record Decision(boolean informative, String reason) {}

  /**
   * Decides for a cell of the float model.
   *
   * @param correct right items
   * @param items asked items, at least 1
   * @param chance accuracy of guessing
   */
  public Decision decide(int correct, int items, double chance) {
    Interval interval = WilsonInterval.of(correct, items, 0.95);
    boolean informative = interval.low() > chance + marginOverChance;
    String reason =
        String.format(
            Locale.ROOT,
            "float accuracy %.1f %% (%d of %d), lower bound %.1f %% %s chance %.1f %% + %.0f points",
            100.0 * correct / items,
            correct,
            items,
            100 * interval.low(),
            informative ? "above" : "not above",
            100 * chance,
            100 * marginOverChance);
    return new Decision(informative, reason);
  }
}
