package org.bitatlas.quant.method;

import org.bitatlas.tensor.BitAtlasException;

/** How codes are chosen on a grid. */
public sealed interface Rounding {

  /** Round to nearest; needs no calibration. */
  record Nearest() implements Rounding {}

  /**
   * GPTQ (Frantar et al. 2023).
   *
   * @param damping added to the diagonal of H as a fraction of its mean, 0 to 1
   * @param blockSize columns updated lazily together, at least 1
   * @param actOrder columns by descending diagonal of H
   * @param staticGroups grids of all groups fitted before the sweep
   * @param trueSequential k, v, q, then o, then up, gate, then down see the quantized ones before
   */
  record Gptq(
      double damping, int blockSize, boolean actOrder, boolean staticGroups, boolean trueSequential)
      implements Rounding {

    /** What the reference repository does without options: damping .01, blocks of 128. */
    public static final Gptq DEFAULT = new Gptq(0.01, 128, false, false, false);

    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when damping or block size is out of range
     */
    public Gptq {
      requireDamping("GPTQ", damping);
      if (blockSize < 1) {
        throw new BitAtlasException(
            "A GPTQ recipe has blocksize " + blockSize + "; give at least 1, usually 128.");
      }
    }
  }

  /**
   * GPTAQ (Li et al. 2025): GPTQ that also corrects what the quantized blocks before did to the
   * inputs. Always true-sequential, as the reference is.
   *
   * @param sweep damping, block size, act order and static groups, as GPTQ's
   * @param alpha weight of the correction, 0 to 1; the reference code has .25, the paper 1
   */
  record Gptaq(Gptq sweep, double alpha) implements Rounding {

    /** The reference repository's defaults. */
    public static final Gptaq DEFAULT = new Gptaq(new Gptq(0.01, 128, false, false, true), 0.25);

    /**
     * Checks the range.
     *
     * @throws BitAtlasException when alpha is out of range
     */
    public Gptaq {
      if (!(alpha >= 0 && alpha <= 1)) {
        throw new BitAtlasException(
            "A GPTAQ recipe has alpha " + alpha + "; give 0 to 1, usually 0.25.");
      }
    }
  }

  /** Which columns are salient. */
  enum SalientMetric {
    /** W^2 / diag(U)^2, the setting for Llama. */
    HESSIAN("hessian"),
    /** |W|, the repository's default. */
    MAGNITUDE("magnitude");

    private final String id;

    SalientMetric(String id) {
      this.id = id;
    }

    /** Name in recipes. */
    public String id() {
      return id;
    }
  }

  /**
   * BiLLM (Huang et al. 2024): one bit, salient columns with a residual, the rest split in two.
   *
   * @param damping as for GPTQ
   * @param blockSize columns that share masks and scales, at least 2
   * @param metric how salient columns are found
   */
  record Billm(double damping, int blockSize, SalientMetric metric) implements Rounding {

    /** The reference's Llama setting. */
    public static final Billm DEFAULT = new Billm(0.01, 128, SalientMetric.HESSIAN);

    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when damping or block size is out of range
     */
    public Billm {
      requireDamping("BiLLM", damping);
      if (blockSize < 2) {
        throw new BitAtlasException(
            "A BiLLM recipe has blocksize " + blockSize + "; give at least 2, usually 128.");
      }
    }
  }

  /**
   * SliM-LLM (Huang et al. 2024): bits per group by salience, grids searched around the range.
   *
   * @param damping as for GPTQ
   * @param salientWeight lambda, the weight of salient errors in the search of the range; 1 weighs
   *     all errors the same, as the reference does by default
   * @param searchSamples calibration sequences the search of the bits looks at; 0 for all
   */
  record SlimLlm(double damping, double salientWeight, int searchSamples) implements Rounding {

    /** The reference's defaults. */
    public static final SlimLlm DEFAULT = new SlimLlm(0.01, 1, 0);

    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when an option is out of range
     */
    public SlimLlm {
      requireDamping("SliM-LLM", damping);
      if (!(salientWeight > 0) || searchSamples < 0) {
        throw new BitAtlasException(
            "A SliM-LLM recipe has lambda_salience %s and %d search samples; give a positive weight and 0 or more samples."
                .formatted(salientWeight, searchSamples));
      }
    }
  }

  private static void requireDamping(String method, double damping) {
    if (!(damping >= 0 && damping <= 1)) {
      throw new BitAtlasException(
          "A "
              + method
              + " recipe has damping "
              + damping
              + "; give a fraction from 0 to 1, usually 0.01.");
    }
  }
}
