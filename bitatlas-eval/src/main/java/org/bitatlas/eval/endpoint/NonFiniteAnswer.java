package org.bitatlas.eval.endpoint;

import org.bitatlas.tensor.BitAtlasException;

/** A server that could not write its answer because a number in it is NaN or infinite. */
final class NonFiniteAnswer extends BitAtlasException {
  private static final long serialVersionUID = 1;

  NonFiniteAnswer() {
    super("The server met a number that is not finite.");
  }
}
