package org.bitatlas.quant.allocation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.allocation.ChoiceProblem.Choice;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerSlot;
import org.bitatlas.scheme.QuantizedCheckpoint;

/** What is to be chosen for one way of serving: its layers, their choices, and what they cost. */
final class ServingProblem {

  private final Recipe recipe;
  private final BitAllocation.Adaptive wanted;
  private final ServingRules rules;
  private final Costs costs;
  private final List<LayerSlot> slots = new ArrayList<>();
  private final List<Optional<TableScheme>> tables = new ArrayList<>();
  private Optional<String> objection = Optional.empty();

  /** What single layers do alone. */
  @FunctionalInterface
  interface Damages {
    /** KL of the logits, nats per token. */
    double of(String module, LayerChoice choice);
  }

  ServingProblem(
      Architecture architecture,
      Recipe recipe,
      BitAllocation.Adaptive wanted,
      ServingRules rules,
      Costs costs) {
    this.recipe = recipe;
    this.wanted = wanted;
    this.rules = rules;
    this.costs = costs;
    for (int layer = 0; layer < architecture.layers() && objection.isEmpty(); layer++) {
      block(layer);
    }
    if (objection.isEmpty()) {
      addTables();
    }
  }

  ServingRules rules() {
    return rules;
  }

  Costs costs() {
    return costs;
  }

  List<LayerSlot> slots() {
    return slots;
  }

  /** Embedding and head, each way they may be stored; an empty one is as the recipe says. */
  List<Optional<TableScheme>> tables() {
    return tables;
  }

  /** Why there is nothing to choose; empty where there is. */
  Optional<String> objection() {
    return objection;
  }

  private void block(int layer) {
    List<Projection> alone = new ArrayList<>(List.of(Projection.values()));
    for (List<Projection> group : rules.fused()) {
      List<Projection> parts =
          group.stream().filter(part -> !recipe.excludes(part.module(layer))).toList();
      if (!parts.isEmpty() && parts.size() < group.size()) {
        object(
            "%s runs as one layer with parts that stay float"
                .formatted(parts.getFirst().module(layer)));
        return;
      }
      // Their place among the layers is that of the first: results do not depend on fusing.
      alone.removeAll(group.subList(1, group.size()));
    }
    for (Projection projection : alone) {
      if (!recipe.excludes(projection.module(layer))) {
        slot(layer, together(projection));
      }
    }
  }

  private List<Projection> together(Projection projection) {
    return rules.fused().stream()
        .filter(group -> group.getFirst() == projection)
        .findFirst()
        .orElse(List.of(projection));
  }

  private void slot(int layer, List<Projection> projections) {
    List<LayerChoice> choices = new ArrayList<>();
    String last = "";
    for (int groupSize : wanted.groupSizes()) {
      for (int bits : wanted.bits()) {
        LayerChoice choice = new LayerChoice(bits, groupSize);
        if (!rules.offered().test(choice)) {
          continue;
        }
        Optional<String> refused = refused(layer, projections, choice);
        if (refused.isEmpty()) {
          choices.add(choice);
        } else {
          last = refused.get();
        }
      }
    }
    if (choices.isEmpty()) {
      object(last);
    } else {
      slots.add(new LayerSlot(layer, projections, choices));
    }
  }

  private Optional<String> refused(int layer, List<Projection> projections, LayerChoice choice) {
    return projections.stream()
        .map(projection -> projection.module(layer))
        .flatMap(module ->
            rules.support().objection(module, choice.on(recipe.weights())).stream()
                .map(objection -> "%s in %s: %s".formatted(module, choice, objection)))
        .findFirst();
  }

  private void addTables() {
    List<Optional<TableScheme>> offered =
        wanted.tables().isEmpty()
            ? List.of(Optional.empty())
            : wanted.tables().stream().map(Optional::of).toList();
    Optional<String> last = Optional.empty();
    for (Optional<TableScheme> scheme : offered) {
      Optional<String> refused =
          Stream.of(
                  refused(QuantizedCheckpoint.EMBEDDING, scheme.orElse(recipe.embedding())),
                  refused(QuantizedCheckpoint.HEAD, scheme.orElse(recipe.head())))
              .flatMap(Optional::stream)
              .findFirst();
      if (refused.isEmpty()) {
        tables.add(scheme);
      } else {
        last = refused;
      }
    }
    if (tables.isEmpty()) {
      objection = last;
    }
  }

  private Optional<String> refused(String module, TableScheme scheme) {
    return scheme
        .weights()
        .flatMap(weights -> rules.support().objection(module, weights))
        .map(reason -> "%s in %s: %s".formatted(module, scheme.id(), reason));
  }

  private void object(String reason) {
    objection = objection.or(() -> Optional.of(reason));
  }

  /**
   * The choices with the least damage within the budget, damages of single layers taken together.
   *
   * @param damages of every layer alone under every choice
   * @param stored what each way to store embedding and head does, in the order of {@link #tables}
   * @return empty where the cheapest choices are over the budget; {@link #tooMuch} says by how much
   */
  Optional<ChoiceSolution> solve(Damages damages, List<Double> stored) {
    if (least() > costs.allowed() * (1 + 1e-12)) {
      return Optional.empty();
    }
    List<List<Choice>> items = new ArrayList<>();
    for (LayerSlot slot : slots) {
      items.add(
          slot.choices().stream()
              .map(choice ->
                  new Choice(costs.of(slot, choice), damage(damages, slot, choice), false))
              .toList());
    }
    List<Choice> tableItem = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      tableItem.add(new Choice(costs.ofTables(tables.get(i)), stored.get(i), false));
    }
    items.add(tableItem);
    return Optional.of(ChoiceSolver.solve(new ChoiceProblem(items, costs.allowed())));
  }

  private static double damage(Damages damages, LayerSlot slot, LayerChoice choice) {
    return slot.modules().stream().mapToDouble(module -> damages.of(module, choice)).sum();
  }

  /** Why nothing fits the budget. */
  String tooMuch() {
    return costs.tooMuch(least());
  }

  private double least() {
    double least = tables.stream().mapToDouble(costs::ofTables).min().orElseThrow();
    for (LayerSlot slot : slots) {
      least += costs.of(slot, costs.byCost(slot).getFirst());
    }
    return least;
  }

  /** The choices in words, equal blocks counted once: for the key of records. */
  String words() {
    return rules.name()
        + ": "
        + objection.orElseGet(() ->
            slots.stream()
                    .map(slot ->
                        slot.projections()
                            + " "
                            + slot.choices().stream()
                                .map(choice -> choice + " " + costs.of(slot, choice))
                                .toList())
                    .distinct()
                    .collect(Collectors.joining("; "))
                + "; tables "
                + tables.stream().map(scheme -> scheme + " " + costs.ofTables(scheme)).toList());
  }
}
