package org.bitatlas.eval;

import java.util.Locale;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.WilsonInterval;

/**
 * Whether a cell of the float model carries information on quantization: the lower end of the 95 %
 * Wilson interval of its accuracy must exceed chance by a margin, and the accuracy must reach a
 * minimum. A cell that fails is FLOAT_UNINFORMATIVE: it cannot lose what the float model does not
 * have.
 *
 * @param marginOverChance by how much the lower bound must exceed chance
 * @param minimumAccuracy accuracy to reach
 */
public record InformativeRule(double marginOverChance, double minimumAccuracy) {

  /** 10 points over chance, and half of the items right. */
  public static final InformativeRule DEFAULT = new InformativeRule(0.10, 0.5);

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
    double accuracy = (double) correct / items;
    boolean overChance = interval.low() > chance + marginOverChance;
    boolean enough = accuracy >= minimumAccuracy;
    String reason =
        String.format(
            Locale.ROOT,
            "float accuracy %.3f (%d of %d), Wilson lower bound %.3f %s chance %.3f + %.2f, and"
                + " accuracy %s %.2f",
            accuracy,
            correct,
            items,
            interval.low(),
            overChance ? ">" : "<=",
            chance,
            marginOverChance,
            enough ? ">=" : "<",
            minimumAccuracy);
    return new Decision(overChance && enough, reason);
  }
}
