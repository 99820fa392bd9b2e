package org.bitatlas.format.support;

import java.util.List;

/**
 * Whether a scheme of a stack takes a layer.
 *
 * @param scheme the scheme
 * @param objections what keeps the layer from being loaded by it; empty when it loads
 */
public record Judgement(SupportedScheme scheme, List<String> objections) {

  /** Whether the layer loads. */
  public boolean loads() {
    return objections.isEmpty();
  }
}
