package org.bitatlas.quant.allocation;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerSlot;

/** What the choices of an allocation cost, in the unit of its budget. */
interface Costs {

  /** The layers of a slot under a choice. */
  double of(LayerSlot slot, LayerChoice choice);

  /**
   * Embedding and head.
   *
   * @param scheme of both; empty for what the recipe says of each
   */
  double ofTables(Optional<TableScheme> scheme);

  /** What linear layers, embedding and head may cost together; excluded layers are taken off. */
  double allowed();

  /** In words: what was spent and what might have been. */
  String words(double spent);

  /** That the cheapest choices together are over the budget, as a phrase. */
  String tooMuch(double least);

  /** The choices of a slot, cheapest first. */
  default List<LayerChoice> byCost(LayerSlot slot) {
    return slot.choices().stream()
        .sorted(Comparator.comparingDouble(choice -> of(slot, choice)))
        .toList();
  }
}
