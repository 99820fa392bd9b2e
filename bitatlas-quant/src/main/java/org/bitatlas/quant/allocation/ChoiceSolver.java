package org.bitatlas.quant.allocation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.quant.allocation.ChoiceProblem.Choice;
import org.bitatlas.tensor.BitAtlasException;
import org.ojalgo.optimisation.Expression;
import org.ojalgo.optimisation.ExpressionsBasedModel;
import org.ojalgo.optimisation.Optimisation;
import org.ojalgo.optimisation.Variable;

/**
 * Solves a {@link ChoiceProblem} as a mixed integer program by branch and bound (ojAlgo). Choices
 * that another of the same item beats in cost and damage are left out beforehand, which changes no
 * optimum. Where the time is up before optimality is proven, the best answer found is given with
 * the bound of the linear relaxation.
 */
public final class ChoiceSolver {

  private static final Duration TIME = Duration.ofSeconds(60);

  private final ChoiceProblem problem;
  private final List<List<Integer>> kept = new ArrayList<>();
  private final double damageUnit;
  private final double costUnit;

  private ChoiceSolver(ChoiceProblem problem) {
    this.problem = problem;
    double largest = 0;
    for (List<Choice> choices : problem.items()) {
      kept.add(undominated(choices, problem.changes().isPresent()));
      for (Choice choice : choices) {
        largest = Math.max(largest, Math.abs(choice.damage()));
      }
    }
    // The solver's tolerances are for numbers around one.
    this.damageUnit = largest == 0 ? 1 : largest;
    this.costUnit = problem.budget() == 0 ? 1 : problem.budget() / problem.items().size();
  }

  /**
   * The choices with the least damage.
   *
   * @throws BitAtlasException when no combination keeps to the budget and the number of changes
   */
  public static ChoiceSolution solve(ChoiceProblem problem) {
    return new ChoiceSolver(problem).solve();
  }

  private ChoiceSolution solve() {
    List<List<Variable>> variables = new ArrayList<>();
    Optimisation.Result whole = model(true, variables).minimise();
    if (!whole.getState().isFeasible()) {
      throw new BitAtlasException(
          "No choice of bits keeps to a budget of %.0f; give more, or allow smaller choices."
              .formatted(problem.budget()));
    }
    List<Integer> chosen = new ArrayList<>();
    double cost = 0;
    double damage = 0;
    int at = 0;
    for (int item = 0; item < kept.size(); item++) {
      int best = 0;
      for (int i = 1; i < kept.get(item).size(); i++) {
        best = whole.doubleValue(at + i) > whole.doubleValue(at + best) ? i : best;
      }
      at += kept.get(item).size();
      int index = kept.get(item).get(best);
      chosen.add(index);
      cost += problem.items().get(item).get(index).cost();
      damage += problem.items().get(item).get(index).damage();
    }
    double bound =
        whole.getState().isOptimal()
            ? damage
            : model(false, variables).minimise().getValue() * damageUnit;
    return new ChoiceSolution(chosen, cost, damage, Math.min(bound, damage));
  }

  private ExpressionsBasedModel model(boolean whole, List<List<Variable>> variables) {
    ExpressionsBasedModel model = new ExpressionsBasedModel();
    model.options.time_abort = TIME.toMillis();
    model.options.time_suffice = TIME.toMillis();
    variables.clear();
    Expression budget = model.newExpression("budget").upper(problem.budget() / costUnit);
    Expression changes = model.newExpression("changes");
    problem.changes().ifPresent(changes::upper);
    for (int item = 0; item < kept.size(); item++) {
      Expression one = model.newExpression("one " + item).level(1);
      List<Variable> ofItem = new ArrayList<>();
      for (int index : kept.get(item)) {
        Choice choice = problem.items().get(item).get(index);
        Variable taken = model.newVariable("x " + item + " " + index).lower(0).upper(1);
        taken.integer(whole);
        taken.weight(choice.damage() / damageUnit);
        one.set(taken, 1);
        budget.set(taken, choice.cost() / costUnit);
        if (choice.change() && problem.changes().isPresent()) {
          changes.set(taken, 1);
        }
        ofItem.add(taken);
      }
      variables.add(ofItem);
    }
    return model;
  }

  /** Indexes of the choices that no other of the item beats; of equal ones the first. */
  private static List<Integer> undominated(List<Choice> choices, boolean changesCount) {
    List<Integer> indexes = new ArrayList<>();
    for (int i = 0; i < choices.size(); i++) {
      boolean beaten = false;
      for (int j = 0; j < choices.size() && !beaten; j++) {
        beaten = i != j && beats(choices.get(j), choices.get(i), j < i, changesCount);
      }
      if (!beaten) {
        indexes.add(i);
      }
    }
    return indexes;
  }

  private static boolean beats(Choice one, Choice other, boolean first, boolean changesCount) {
    if (one.cost() > other.cost() || one.damage() > other.damage()) {
      return false;
    }
    if (changesCount && one.change() && !other.change()) {
      return false;
    }
    boolean equal =
        one.cost() == other.cost()
            && one.damage() == other.damage()
            && (!changesCount || one.change() == other.change());
    return !equal || first;
  }
}
