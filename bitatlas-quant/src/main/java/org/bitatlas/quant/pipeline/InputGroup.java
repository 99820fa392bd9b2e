package org.bitatlas.quant.pipeline;

import java.util.List;
import org.bitatlas.model.Architecture.Projection;

/** The linear layers of a block that share one input, and so one Gram matrix. */
enum InputGroup {
  ATTENTION(Projection.QUERY, Projection.KEY, Projection.VALUE),
  ATTENTION_OUTPUT(Projection.OUTPUT),
  MLP(Projection.GATE, Projection.UP),
  MLP_OUTPUT(Projection.DOWN);

  private final List<Projection> projections;

  InputGroup(Projection... projections) {
    this.projections = List.of(projections);
  }

  /** The layers, in model order. */
  List<Projection> projections() {
    return projections;
  }

  /** The layer whose input is observed for all. */
  Projection observed() {
    return projections.getFirst();
  }
}
