package org.bitatlas.quant.allocation;

import java.util.Optional;
import org.bitatlas.quant.method.WeightScheme;

/** Which schemes are loaded where a checkpoint will be served. */
@FunctionalInterface
public interface SchemeSupport {

  /** Everything that BitAtlas itself runs. */
  SchemeSupport ALL = (_, _) -> Optional.empty();

  /**
   * What keeps a layer from having a scheme, as a phrase; empty where it loads.
   *
   * @param module name of the linear layer, or of embedding or head
   * @param scheme bits, group size and grid
   */
  Optional<String> objection(String module, WeightScheme scheme);
}
