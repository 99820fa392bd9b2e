package org.bitatlas.quant.allocation;

import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.WeightScheme;

/**
 * How long a token takes to decode, part by part: predicted, not measured. The parts follow one
 * another, so their times add up.
 */
public interface DecodingTime {

  /**
   * Seconds of one linear layer.
   *
   * @param scheme of its weight; empty for a layer that stays float
   */
  double ofLinear(Projection projection, Optional<WeightScheme> scheme);

  /**
   * Seconds of the head.
   *
   * @param scheme of its weight; empty for float
   */
  double ofHead(Optional<WeightScheme> scheme);

  /** Seconds of all else, which no choice changes: attention, norms, rounding of inputs. */
  double ofTheRest();
}
