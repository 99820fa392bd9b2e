package org.bitatlas.quant.method;

/**
 * How scales and zero points are fitted (reference/methods.md section 1; the letters are the
 * table's).
 */
public enum Grid {
  /** A-gptq: 0 always inside the range; asymmetric. */
  GPTQ_ASYMMETRIC,
  /** S-gptq: scale 2 max|w| / (2^b - 1), codes 0 .. 2^b - 1, zero point 2^(b-1). */
  GPTQ_SYMMETRIC,
  /** S-quarot: scale max|w| / (2^(b-1) - 1). */
  QUAROT_SYMMETRIC,
  /** A-awq: raw minimum and maximum. */
  AWQ_ASYMMETRIC
}
