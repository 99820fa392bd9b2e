package org.bitatlas.model;

import java.util.List;
import org.bitatlas.model.Architecture.Projection;

/** The linear layers of a block that share one input, and so one Gram matrix. */
public enum InputGroup {
  ATTENTION(Projection.QUERY, Projection.KEY, Projection.VALUE),
  ATTENTION_OUTPUT(Projection.OUTPUT),
  MLP(Projection.GATE, Projection.UP),
  MLP_OUTPUT(Projection.DOWN);

  private final List<Projection> projections;

  InputGroup(Projection... projections) {
    this.projections = List.of(projections);
  }

  /** The layers, in model order. */
  public List<Projection> projections() {
    return projections;
  }

  /** The layer whose input is observed for all. */
  public Projection observed() {
    return projections.getFirst();
  }

  /** The group of a projection. */
  public static InputGroup of(Projection projection) {
    return switch (projection) {
      case QUERY, KEY, VALUE -> ATTENTION;
      case OUTPUT -> ATTENTION_OUTPUT;
      case GATE, UP -> MLP;
      case DOWN -> MLP_OUTPUT;
    };
  }
}
