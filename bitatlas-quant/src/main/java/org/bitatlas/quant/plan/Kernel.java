package org.bitatlas.quant.plan;

/** A kind of computation with a rate of its own, measured on the machine. */
public enum Kernel {
  /** X W^T in fp32, single-threaded libtorch on every thread. */
  PRODUCT("fp32 product", "FLOP"),
  /** Causal softmax attention; operations above the diagonal are not counted. */
  ATTENTION("attention", "FLOP"),
  /** One pass over fp32 values: norms, products, copies. */
  POINTWISE("pointwise", "values"),
  /** Panels of X^T X, added in fp64. */
  GRAM("Gram panels", "FLOP"),
  /** Cholesky factor and triangular inverse in fp64. */
  CHOLESKY("fp64 factor", "FLOP"),
  /** Spreading rounding errors over later columns. */
  SWEEP("column sweep", "FLOP"),
  /** Fitting a grid and rounding to it. */
  GRID("grid and codes", "values"),
  /** Writing and reading a file. */
  DISK("disk", "B");

  private final String label;
  private final String unit;

  Kernel(String label, String unit) {
    this.label = label;
    this.unit = unit;
  }

  /** Name for tables. */
  public String label() {
    return label;
  }

  /** What is counted. */
  public String unit() {
    return unit;
  }

  /** Whether it is a matrix product in libtorch. */
  public boolean isMatrixProduct() {
    return this == PRODUCT || this == GRAM || this == ATTENTION;
  }
}
