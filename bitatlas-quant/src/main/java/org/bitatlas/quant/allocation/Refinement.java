package org.bitatlas.quant.allocation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.bitatlas.quant.allocation.AllocatedBits.Step;
import org.bitatlas.quant.allocation.ChoiceProblem.Choice;
import org.bitatlas.quant.sensitivity.CandidatePool;
import org.bitatlas.quant.sensitivity.DivergenceMeter;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerDamage;
import org.bitatlas.quant.sensitivity.LayerSlot;
import org.bitatlas.quant.sensitivity.SensitivityListener;
import org.bitatlas.quant.sensitivity.SensitivityMeasurement;

/**
 * Damages of single layers add up only roughly: a layer that meets the errors of others does more
 * or less than alone. Around an allocation the change of the divergence is measured for every layer
 * that takes one step more or fewer bits while all others stay as they are; a knapsack over these
 * changes, with a limit on how many layers may change at once, gives the next allocation. It is
 * kept only when the divergence of all layers together went down.
 */
final class Refinement {

  private static final int LEAST_CHANGES = 2;

  private final List<LayerSlot> slots;
  private final CandidatePool pool;
  private final DivergenceMeter meter;
  private final SensitivityListener listener;
  private final Costs costs;
  private final List<Step> steps = new ArrayList<>();
  private List<LayerChoice> chosen;
  private double divergence;

  /**
   * Puts a first solution in place.
   *
   * @param meter its model gets the weights
   * @param chosen a choice per slot
   */
  Refinement(
      List<LayerSlot> slots,
      CandidatePool pool,
      DivergenceMeter meter,
      SensitivityListener listener,
      Costs costs,
      List<LayerChoice> chosen,
      ChoiceSolution solution) {
    this.slots = slots;
    this.pool = pool;
    this.meter = meter;
    this.listener = listener;
    this.costs = costs;
    this.chosen = chosen;
    put(chosen);
    this.divergence = DivergenceMeter.mean(meter.measure());
    steps.add(
        new Step("damages of single layers", solution.damage(), divergence, solution.gap(), true));
  }

  List<LayerChoice> chosen() {
    return chosen;
  }

  List<Step> steps() {
    return steps;
  }

  /** At most {@code passes} times; ends earlier when nothing gets better. */
  void refine(double budget, int passes) {
    int limit = Math.max(LEAST_CHANGES, slots.size() / 3);
    for (int pass = 1; pass <= passes && limit >= LEAST_CHANGES; pass++) {
      Map<String, LayerDamage> around = around(pass);
      boolean better = false;
      for (; limit >= LEAST_CHANGES && !better; limit = better ? limit : limit / 2) {
        better = step(budget, pass, limit, around);
      }
    }
  }

  private boolean step(double budget, int pass, int limit, Map<String, LayerDamage> around) {
    List<List<LayerChoice>> offered = new ArrayList<>();
    List<List<Choice>> items = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      LayerSlot slot = slots.get(i);
      List<LayerChoice> near = neighbours(i);
      List<Choice> choices = new ArrayList<>();
      for (LayerChoice choice : near) {
        LayerDamage damage = around.get(key(slot, choice));
        double change = damage == null ? 0 : damage.divergence() - divergence;
        choices.add(new Choice(costs.of(slot, choice), change, !choice.equals(chosen.get(i))));
      }
      offered.add(near);
      items.add(choices);
    }
    ChoiceSolution solution =
        ChoiceSolver.solve(new ChoiceProblem(items, budget, OptionalInt.of(limit)));
    List<LayerChoice> next = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      next.add(offered.get(i).get(solution.chosen().get(i)));
    }
    if (next.equals(chosen)) {
      return false;
    }
    put(next);
    double measured = DivergenceMeter.mean(meter.measure());
    boolean better = measured < divergence;
    steps.add(
        new Step(
            "pass " + pass + ", up to " + limit + " layers changed",
            divergence + solution.damage(),
            measured,
            solution.gap(),
            better));
    if (better) {
      chosen = next;
      divergence = measured;
    } else {
      put(chosen);
    }
    return better;
  }

  /** The divergence with each layer one step up or down, by layer and choice. */
  private Map<String, LayerDamage> around(int pass) {
    List<LayerSlot> near = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      LayerChoice now = chosen.get(i);
      near.add(
          slots.get(i).with(neighbours(i).stream().filter(choice -> !choice.equals(now)).toList()));
    }
    Map<String, LayerDamage> damages = new HashMap<>();
    SensitivityMeasurement.sweep(
        meter,
        near,
        pool,
        "damage around the allocation, pass " + pass,
        listener,
        measured ->
            measured.forEach(damage -> damages.put(damage.module() + damage.choice(), damage)));
    return damages;
  }

  private static String key(LayerSlot slot, LayerChoice choice) {
    return slot.module() + choice;
  }

  /** What a slot has and the next choices below and above in cost. */
  private List<LayerChoice> neighbours(int index) {
    LayerSlot slot = slots.get(index);
    List<LayerChoice> sorted = costs.byCost(slot);
    int at = sorted.indexOf(chosen.get(index));
    return sorted.subList(Math.max(0, at - 1), Math.min(sorted.size(), at + 2));
  }

  private void put(List<LayerChoice> choices) {
    for (int i = 0; i < slots.size(); i++) {
      pool.put(slots.get(i), choices.get(i), meter);
    }
  }
}
