package org.bitatlas.quant.plan;

/** A part of a quantization that takes time. */
public enum Stage {
  LOADING("loading blocks"),
  FORWARD("forward passes"),
  STATISTICS("input statistics"),
  GRAM("Gram matrices"),
  TRANSFORM("transform search"),
  TRAINING("transform training"),
  FACTOR("factorization"),
  ALLOCATION("bit and mask search"),
  SWEEP("rounding"),
  ERRORS("layer errors"),
  STORAGE("hidden states on disk");

  private final String label;

  Stage(String label) {
    this.label = label;
  }

  /** The stage whose measured time holds this one's: parts that run in the same passes. */
  public Stage measuredAs() {
    return switch (this) {
      case STATISTICS, STORAGE -> FORWARD;
      case ALLOCATION -> SWEEP;
      case LOADING, FORWARD, GRAM, TRANSFORM, TRAINING, FACTOR, SWEEP, ERRORS -> this;
    };
  }

  /** Name for tables. */
  public String label() {
    return label;
  }
}
