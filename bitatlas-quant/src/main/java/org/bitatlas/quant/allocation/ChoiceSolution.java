package org.bitatlas.quant.allocation;

import java.util.List;

/**
 * An answer to a {@link ChoiceProblem}.
 *
 * @param chosen index of the choice taken, by item
 * @param cost sum of the costs
 * @param damage sum of the damages
 * @param bound no answer has less damage than this: the damage itself where the answer is proven
 *     optimal
 */
public record ChoiceSolution(List<Integer> chosen, double cost, double damage, double bound) {

  /** Copies the list. */
  public ChoiceSolution {
    chosen = List.copyOf(chosen);
  }

  /** How far the damage may be above the optimum, in its own unit. */
  public double gap() {
    return Math.max(0, damage - bound);
  }
}
