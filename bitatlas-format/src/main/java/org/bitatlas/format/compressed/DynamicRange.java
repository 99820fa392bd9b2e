package org.bitatlas.format.compressed;

import java.nio.file.Path;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ProvenanceFile;

/**
 * The scale of inputs whose range is found at run time, which the format leaves to the loader.
 * Symmetric, compressed-tensors divides the largest magnitude by half of all steps, 127.5 at 8 bits
 * ({@code calculate_qparams}); BitAtlas, vLLM and the NPU's operator divide by the largest code,
 * 127. As a factor on the range, the former is Q / (Q + 1/2), Q = 2^(b-1) - 1.
 */
final class DynamicRange {

  private DynamicRange() {}

  /** The factor of a symmetric range in compressed-tensors. */
  static float libraryFactor(int bits) {
    float largestCode = (1 << (bits - 1)) - 1;
    return largestCode / (largestCode + 0.5f);
  }

  /** Whether a quantizer is one of the two that the format stands for. */
  static boolean expressible(ActivationQuantizer quantizer) {
    float factor = quantizer.clipLow();
    boolean library =
        quantizer.dynamic() && quantizer.symmetric() && factor == libraryFactor(quantizer.bits());
    return quantizer.clipHigh() == factor && (factor == 1 || library);
  }

  /**
   * The factor that a folder's inputs were meant to have: 1 where a recipe of BitAtlas made it,
   * else the library's.
   */
  static float factor(Path folder, int bits, boolean symmetric) {
    boolean ours =
        ProvenanceFile.find(folder)
            .map(provenance -> provenance.recipe().containsKey("method"))
            .orElse(false);
    return ours || !symmetric ? 1 : libraryFactor(bits);
  }
}
