package org.bitatlas.quant.transform;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.tensor.BitAtlasException;

/**
 * SmoothQuant (Xiao et al. 2023, equation 4): moves the range of activation channels into the
 * weights, s = max|x|^alpha / max|w|^(1 - alpha) per channel, in front of q, k, v and of gate, up.
 * The inputs of o and down are left as they are, as in the reference repository.
 */
public final class SmoothQuantSearch {

  /** Raised when the same block and maxima give another transform. */
  public static final int BEHAVIOUR_VERSION = 1;

  private static final float SMALLEST = 1e-5f;
  private static final List<InputGroup> SMOOTHED = List.of(InputGroup.ATTENTION, InputGroup.MLP);

  private SmoothQuantSearch() {}

  /**
   * Finds the scales of one block.
   *
   * @param block a float block; not changed
   * @param absoluteMaxima max|x| over the calibration tokens [K] for the inputs of q, k, v and of
   *     gate, up, as the float model produces them
   * @param quirks whether a channel whose inputs are all zero gets the smallest scale, as in the
   *     reference, instead of 1
   * @throws BitAtlasException when a maximum is missing or not finite
   */
  public static BlockTransform find(
      DecoderBlock block,
      Map<InputGroup, float[]> absoluteMaxima,
      Transform.SmoothQuant options,
      boolean quirks) {
    ScaledBlock scaled = new ScaledBlock(block);
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    for (InputGroup group : SMOOTHED) {
      float[] maxima = requireFinite(block.layer(), group, absoluteMaxima);
      float[] scales = scales(maxima, weightMaxima(block, group), options.alpha(), quirks);
      scaled.absorbInNorm(group, scales);
      facts.put(Modules.of(group), fact(maxima, scales));
    }
    return scaled.transform(Map.of(), facts);
  }

  /**
   * s = clamp(A^alpha / max(B, 1e-5)^(1 - alpha), 1e-5), in fp32.
   *
   * @param maxima A [K]
   * @param weightMaxima B [K]
   */
  static float[] scales(float[] maxima, float[] weightMaxima, double alpha, boolean quirks) {
    float[] scales = new float[maxima.length];
    float exponent = (float) alpha;
    float complement = (float) (1 - alpha);
    for (int k = 0; k < scales.length; k++) {
      float activations = (float) Math.pow(maxima[k], exponent);
      float weights = (float) Math.pow(Math.max(weightMaxima[k], SMALLEST), complement);
      boolean dead = maxima[k] == 0 && !quirks;
      scales[k] = dead ? 1 : Math.max(activations / weights, SMALLEST);
    }
    return scales;
  }

  /** max|w| of every column over the linears of a group [K]. */
  private static float[] weightMaxima(DecoderBlock block, InputGroup group) {
    float[] maxima = new float[block.architecture().inputFeatures(group.observed())];
    for (Projection projection : group.projections()) {
      float[] weight = block.weight(projection);
      for (int row = 0; row < weight.length; row += maxima.length) {
        for (int k = 0; k < maxima.length; k++) {
          maxima[k] = Math.max(maxima[k], Math.abs(weight[row + k]));
        }
      }
    }
    return maxima;
  }

  private static float[] requireFinite(
      int layer, InputGroup group, Map<InputGroup, float[]> absoluteMaxima) {
    String module = group.observed().module(layer);
    float[] maxima = absoluteMaxima.get(group);
    if (maxima == null) {
      throw new BitAtlasException(
          "SmoothQuant needs the largest inputs of "
              + module
              + " on calibration data: give a calibration set.");
    }
    for (float value : maxima) {
      if (!Float.isFinite(value)) {
        throw NonFinite.inputs(module);
      }
    }
    return maxima;
  }

  private static String fact(float[] maxima, float[] scales) {
    float[] sorted = scales.clone();
    Arrays.sort(sorted);
    int dead = 0;
    for (float value : maxima) {
      dead += value == 0 ? 1 : 0;
    }
    return String.format(
        Locale.ROOT,
        "scales %.3g to %.3g, median %.3g%s",
        sorted[0],
        sorted[sorted.length - 1],
        sorted[sorted.length / 2],
        dead == 0 ? "" : ", " + dead + " channels without input");
  }
}
