package org.bitatlas.quant.allocation;

import java.util.List;
import java.util.OptionalInt;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A multiple-choice knapsack: of every item one choice is taken, so that the sum of the damages is
 * least and the sum of the costs within a budget (Kellerer, Pferschy, Pisinger 2004, chapter 11).
 *
 * @param items the choices of each item, at least one
 * @param budget most that the choices may cost together
 * @param changes most choices that may be {@link Choice#change()}; empty for any number
 */
public record ChoiceProblem(List<List<Choice>> items, double budget, OptionalInt changes) {

  /**
   * One way to store one item.
   *
   * @param cost what it costs, at least 0
   * @param damage what it does to the model; may be negative where it does good
   * @param change whether it differs from what the item has now
   */
  public record Choice(double cost, double damage, boolean change) {}

  /**
   * Checks that there is an answer.
   *
   * @throws BitAtlasException when the cheapest choices are over the budget, or a number is not
   *     finite
   */
  public ChoiceProblem {
    items = items.stream().map(List::copyOf).toList();
    double least = 0;
    for (List<Choice> choices : items) {
      double cheapest = Double.POSITIVE_INFINITY;
      for (Choice choice : choices) {
        if (!Double.isFinite(choice.damage()) || !(choice.cost() >= 0)) {
          throw new IllegalArgumentException("a choice has " + choice);
        }
        cheapest = Math.min(cheapest, choice.cost());
      }
      least += cheapest;
    }
    if (least > budget * (1 + 1e-12)) {
      throw new BitAtlasException(
          "A budget of %.0f is too small: the smallest choices together take %.0f; give more, or allow smaller choices."
              .formatted(budget, least));
    }
  }

  /** A problem without a limit on changes. */
  public ChoiceProblem(List<List<Choice>> items, double budget) {
    this(items, budget, OptionalInt.empty());
  }
}
