package org.bitatlas.quant.sensitivity;

import java.util.List;
import org.bitatlas.model.Architecture.Projection;

/**
 * A linear layer and what it may become.
 *
 * @param layer block index
 * @param projection which linear of the block
 * @param choices its bits and group sizes, at least one
 */
public record LayerSlot(int layer, Projection projection, List<LayerChoice> choices) {

  /** Copies the list. */
  public LayerSlot {
    choices = List.copyOf(choices);
  }

  /** Full module name. */
  public String module() {
    return projection.module(layer);
  }
}
