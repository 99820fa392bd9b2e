package org.bitatlas.quant.sensitivity;

import java.util.List;
import java.util.stream.Collectors;
import org.bitatlas.model.Architecture.Projection;

/**
 * Linear layers of one block that take a choice together, usually one alone, and what they may
 * become.
 *
 * @param layer block index
 * @param projections which linears of the block, at least one
 * @param choices bits and group sizes, at least one
 */
public record LayerSlot(int layer, List<Projection> projections, List<LayerChoice> choices) {

  /** Copies the lists. */
  public LayerSlot {
    projections = List.copyOf(projections);
    choices = List.copyOf(choices);
  }

  /** One layer. */
  public static LayerSlot of(int layer, Projection projection, List<LayerChoice> choices) {
    return new LayerSlot(layer, List.of(projection), choices);
  }

  /** Full module names. */
  public List<String> modules() {
    return projections.stream().map(projection -> projection.module(layer)).toList();
  }

  /** The full module name; of several layers all of them, joined by a plus. */
  public String module() {
    return modules().stream().collect(Collectors.joining("+"));
  }

  /** The same layers with other choices. */
  public LayerSlot with(List<LayerChoice> others) {
    return new LayerSlot(layer, projections, others);
  }
}
