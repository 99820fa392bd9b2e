package org.bitatlas.quant.allocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.bitatlas.quant.allocation.ChoiceProblem.Choice;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

class ChoiceSolverTest {

  @Test
  void findsWhatBruteForceFinds() {
    SplittableRandom random = new SplittableRandom(7);
    for (int trial = 0; trial < 120; trial++) {
      ChoiceProblem problem =
          random(random, 2 + random.nextInt(5), 2 + random.nextInt(4), trial % 3);
      double optimum = bruteForce(problem, 0, new ArrayList<>());
      if (optimum == Double.POSITIVE_INFINITY) {
        assertThatThrownBy(() -> ChoiceSolver.solve(problem)).isInstanceOf(BitAtlasException.class);
        continue;
      }

      ChoiceSolution solution = ChoiceSolver.solve(problem);

      assertThat(solution.damage())
          .as("trial %d", trial)
          .isCloseTo(optimum, within(1e-9 * Math.max(1, Math.abs(optimum))));
      assertThat(solution.gap()).isZero();
      assertThat(solution.cost()).isLessThanOrEqualTo(problem.budget() * (1 + 1e-9));
      assertThat(changes(problem, solution.chosen()))
          .isLessThanOrEqualTo(problem.changes().orElse(99));
    }
  }

  @Test
  void solvesTheSizeOfAModelOfABillionParametersWithin() {
    SplittableRandom random = new SplittableRandom(3);
    List<List<Choice>> items = new ArrayList<>();
    double budget = 0;
    for (int layer = 0; layer < 182; layer++) {
      double weights = 1 << (16 + random.nextInt(5));
      double sensitivity = Math.exp(4 * random.nextDouble());
      List<Choice> choices = new ArrayList<>();
      for (int bits = 2; bits <= 8; bits++) {
        choices.add(new Choice(weights * bits / 8, sensitivity * Math.pow(4, -bits), bits != 3));
      }
      items.add(choices);
      budget += weights * 3 / 8;
    }

    ChoiceSolution solution = ChoiceSolver.solve(new ChoiceProblem(items, budget));

    assertThat(solution.cost()).isLessThanOrEqualTo(budget);
    assertThat(solution.gap()).isLessThan(1e-3 * solution.damage());
  }

  @Test
  void refusesABudgetBelowTheSmallestChoices() {
    List<List<Choice>> items = List.of(List.of(new Choice(5, 1, false), new Choice(8, 0, true)));

    assertThatThrownBy(() -> new ChoiceProblem(items, 4))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("budget of 4")
        .hasMessageContaining("take 5");
  }

  /** Damages over several orders of magnitude, some negative, some choices beaten by others. */
  private static ChoiceProblem random(SplittableRandom random, int items, int choices, int kind) {
    List<List<Choice>> all = new ArrayList<>();
    double least = 0;
    double most = 0;
    for (int i = 0; i < items; i++) {
      List<Choice> some = new ArrayList<>();
      double low = Double.POSITIVE_INFINITY;
      double high = 0;
      for (int c = 0; c < choices; c++) {
        double cost = 1 + random.nextInt(1000);
        double damage = Math.exp(-6 * random.nextDouble()) - (kind == 2 ? 0.2 : 0);
        some.add(new Choice(cost, damage, c > 0));
        low = Math.min(low, cost);
        high = Math.max(high, cost);
      }
      least += low;
      most += high;
      all.add(some);
    }
    double budget = least + (most - least) * random.nextDouble();
    return new ChoiceProblem(
        all, budget, kind == 0 ? OptionalInt.empty() : OptionalInt.of(random.nextInt(items + 1)));
  }

  private static double bruteForce(ChoiceProblem problem, int item, List<Integer> chosen) {
    if (item == problem.items().size()) {
      double cost = 0;
      double damage = 0;
      for (int i = 0; i < item; i++) {
        cost += problem.items().get(i).get(chosen.get(i)).cost();
        damage += problem.items().get(i).get(chosen.get(i)).damage();
      }
      boolean allowed =
          cost <= problem.budget() && changes(problem, chosen) <= problem.changes().orElse(99);
      return allowed ? damage : Double.POSITIVE_INFINITY;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int c = 0; c < problem.items().get(item).size(); c++) {
      chosen.add(c);
      best = Math.min(best, bruteForce(problem, item + 1, chosen));
      chosen.removeLast();
    }
    return best;
  }

  private static int changes(ChoiceProblem problem, List<Integer> chosen) {
    int changes = 0;
    for (int i = 0; i < chosen.size(); i++) {
      changes += problem.items().get(i).get(chosen.get(i)).change() ? 1 : 0;
    }
    return changes;
  }
}
