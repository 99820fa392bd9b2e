package org.bitatlas.eval.endpoint;

import org.bitatlas.tensor.BitAtlasException;

/** A server's answer that asking again would not change. */
final class EndpointRefusal extends BitAtlasException {
  private static final long serialVersionUID = 1;

  private final String reason;

  /**
   * A refusal.
   *
   * @param reason a clause; the message is its sentence
   */
  EndpointRefusal(String reason) {
    super(reason + ".");
    this.reason = reason;
  }

  /** The message without its full stop, to be part of another. */
  String reason() {
    return reason;
  }
}
