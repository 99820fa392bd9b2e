package org.bitatlas.quant.method;

/** How far a recipe goes, so that the harm of a transform and of rounding are told apart. */
public enum Position {
  /** Transformed in floating point; neither weights nor activations are rounded. */
  TRANSFORMED("transformed"),
  /** Everything the recipe says. */
  QUANTIZED("quantized");

  private final String id;

  Position(String id) {
    this.id = id;
  }

  /** Name in recipes. */
  public String id() {
    return id;
  }
}
