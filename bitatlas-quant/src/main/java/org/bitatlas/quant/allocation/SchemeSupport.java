package org.bitatlas.quant.allocation;

import org.bitatlas.quant.method.WeightScheme;

/** Which schemes the target of a checkpoint loads. */
@FunctionalInterface
public interface SchemeSupport {

  /** Everything that BitAtlas itself runs. */
  SchemeSupport ALL = (_, _) -> true;

  /**
   * Whether a layer may have a scheme.
   *
   * @param module name of the linear layer
   * @param scheme bits, group size and grid
   */
  boolean loads(String module, WeightScheme scheme);
}
