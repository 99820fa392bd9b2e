package org.bitatlas.quant.method;

import org.bitatlas.tensor.BitAtlasException;

/** What is done to weights and activations in front of rounding, exact in real arithmetic. */
public sealed interface Transform {

  /** Nothing. */
  record None() implements Transform {}

  /**
   * SmoothQuant (Xiao et al. 2023): the inputs of q, k, v and of gate, up are divided by s =
   * max|x|^alpha / max|w|^(1 - alpha).
   *
   * @param alpha migration strength, 0 to 1
   */
  record SmoothQuant(double alpha) implements Transform {

    /** The paper's default; the repository's scripts take .85 for Llama. */
    public static final SmoothQuant DEFAULT = new SmoothQuant(0.5);

    /**
     * Checks the range.
     *
     * @throws BitAtlasException when alpha is out of range
     */
    public SmoothQuant {
      if (!(alpha >= 0 && alpha <= 1)) {
        throw new BitAtlasException(
            "A SmoothQuant recipe has alpha " + alpha + "; give 0 to 1, usually 0.5 to 0.85.");
      }
    }
  }

  /**
   * AWQ (Lin et al. 2024): scales by mean|x|^r with the ratio r of least output error, then weight
   * clipping.
   *
   * @param gridSteps ratios tried: 0 / n .. (n - 1) / n
   * @param searchSamples calibration sequences the search of the ratio looks at, spread evenly and
   *     filled up to whole batches; 0 for all
   * @param clip whether weight ranges are searched
   * @param clipSteps range steps of the search; the first half, down to {@code maxShrink}, is tried
   * @param maxShrink largest part of a range that is cut
   * @param clipTokens tokens the search of ranges looks at
   * @param duoScaling whether mean|w| enters the scales (AutoAWQ, llm-compressor)
   */
  record Awq(
      int gridSteps,
      int searchSamples,
      boolean clip,
      int clipSteps,
      double maxShrink,
      int clipTokens,
      boolean duoScaling)
      implements Transform {

    /** The reference's defaults. */
    public static final Awq DEFAULT = new Awq(20, 0, true, 20, 0.5, 512, false);

    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when an option is out of range
     */
    public Awq {
      boolean fits =
          gridSteps >= 1
              && searchSamples >= 0
              && clipSteps >= 1
              && clipTokens >= 1
              && maxShrink > 0
              && maxShrink < 1;
      if (!fits) {
        throw new BitAtlasException(
            "An AWQ recipe has n_grid %d, search_samples %d, clip steps %d, max_shrink %s and %d clip tokens; counts of at least 1 (0 search_samples: all) and a shrink between 0 and 1 are expected."
                .formatted(gridSteps, searchSamples, clipSteps, maxShrink, clipTokens));
      }
    }
  }

  /**
   * FlatQuant (Sun et al. 2025): learned Kronecker transforms, channel scales and clipping.
   *
   * @param epochs passes over the calibration set per block
   * @param learningRate of transforms and channel scales; clipping learns at ten times it
   * @param batch sequences of one step
   * @param diagonalAlpha exponent of the initial channel scales
   * @param directInverse whether factors are free matrices that are inverted, instead of products U
   *     diag(s) V^T of orthogonal ones
   * @param seed seed of the initial orthogonal matrices, numpy's as in the reference
   * @param form what is learned, where that is not what the reference learns
   */
  record FlatQuant(
      int epochs,
      double learningRate,
      int batch,
      double diagonalAlpha,
      boolean directInverse,
      long seed,
      FlatForm form)
      implements Transform {

    /** The scripts' settings. */
    public static final FlatQuant DEFAULT =
        new FlatQuant(15, 5e-3, 4, 0.3, false, 0, FlatForm.REFERENCE);

    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when an option is out of range
     */
    public FlatQuant {
      if (epochs < 0 || !(learningRate > 0) || batch < 1) {
        throw new BitAtlasException(
            "A FlatQuant recipe has %d epochs, flat_lr %s and batch %d; give 0 or more epochs, a positive rate and a batch of at least 1."
                .formatted(epochs, learningRate, batch));
      }
    }
  }
}
