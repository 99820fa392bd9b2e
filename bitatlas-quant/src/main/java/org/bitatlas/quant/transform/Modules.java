package org.bitatlas.quant.transform;

import java.util.stream.Collectors;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;

/** Names of the linear layers that share an input, for facts and messages. */
final class Modules {

  private Modules() {}

  /** Inside a block, for example {@code self_attn.q_proj+k_proj+v_proj}. */
  static String of(InputGroup group) {
    return group.observed().path()
        + group.projections().stream()
            .skip(1)
            .map(projection -> "+" + shortName(projection))
            .collect(Collectors.joining());
  }

  /** For example {@code q_proj}. */
  private static String shortName(Projection projection) {
    return projection.path().substring(projection.path().lastIndexOf('.') + 1);
  }
}
