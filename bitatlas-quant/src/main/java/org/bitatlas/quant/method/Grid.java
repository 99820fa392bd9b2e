package org.bitatlas.quant.method;

/**
 * How scale s and zero point z of one row (or one group of a row) are fitted, and how a weight
 * becomes a code. N = 2^b - 1, m = max|w|, lo = min(0, min w), hi = max(0, max w); rounding is half
 * to even; all arithmetic is fp32. Each is what one reference repository does, degenerate rows
 * included (docs/methods/rtn.md).
 */
public enum Grid {
  /**
   * s = (hi - lo) / N, z = round(-lo / s); a row of zeros gets lo = -1, hi = 1. IST-DASLab/gptq.
   */
  GPTQ_ASYMMETRIC("gptq-asym", false),
  /**
   * s = 2m / N, z = 2^(b-1); a row without negative values keeps lo = 0 and so s = m / N.
   * IST-DASLab/gptq.
   */
  GPTQ_SYMMETRIC("gptq-sym", true),
  /** As {@link #GPTQ_ASYMMETRIC} with hi - lo at least 1e-5. QuaRot and GPTAQ repositories. */
  QUAROT_ASYMMETRIC("quarot-asym", false),
  /**
   * s = m / (2^(b-1) - 1), m at least 1e-5, z = 2^(b-1). QuaRot, GPTAQ, FlatQuant, SmoothQuant and
   * msmodelslim; at least 2 bits.
   */
  QUAROT_SYMMETRIC("quarot-sym", true),
  /**
   * s = max(max w - min w, 1e-5) / N, z = clamp(-round(min w / s), 0, N): zero need not be inside.
   * llm-awq.
   */
  AWQ_ASYMMETRIC("awq-asym", false),
  /** s = 2m / N also without negative values; s = 0 becomes 2^-23. compressed-tensors, vLLM. */
  COMPRESSED_TENSORS_SYMMETRIC("ct-sym", true),
  /**
   * s = (hi - lo) / N; w / s + z is rounded in one step; a row of zeros gets s = 2^-23, z =
   * 2^(b-1).
   */
  COMPRESSED_TENSORS_ASYMMETRIC("ct-asym", false);

  private final String id;
  private final boolean symmetric;

  Grid(String id, boolean symmetric) {
    this.id = id;
    this.symmetric = symmetric;
  }

  /** Name in recipes, for example {@code gptq-asym}. */
  public String id() {
    return id;
  }

  /** Whether the zero point is constant. */
  public boolean symmetric() {
    return symmetric;
  }

  /** Whether the range can be searched for the least error ({@code mse}). */
  public boolean searchable() {
    return switch (this) {
      case GPTQ_ASYMMETRIC, GPTQ_SYMMETRIC, QUAROT_ASYMMETRIC, QUAROT_SYMMETRIC -> true;
      case AWQ_ASYMMETRIC, COMPRESSED_TENSORS_SYMMETRIC, COMPRESSED_TENSORS_ASYMMETRIC -> false;
    };
  }

  /** Fewest bits the grid is defined for. */
  public int minimumBits() {
    return this == QUAROT_SYMMETRIC ? 2 : 1;
  }
}
