package org.bitatlas.quant.pipeline;

import java.util.Collections;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What quantization did to one linear layer, and what it met there.
 *
 * @param layer block index
 * @param projection which linear of the block
 * @param weightError sum of squares of D = W - dequantized W over sum of squares of W
 * @param outputError tr(D G D^T) / tr(W G W^T); empty without calibration data
 * @param inputs the layer's calibration inputs; empty without calibration data
 * @param salience share of sum_k G[k][k] |W[:,k]|^2 that the top 1 % of the columns hold; empty
 *     without calibration data
 * @param clipping weights at and beyond the ends of the grid
 * @param damping fraction of the mean diagonal that was added to the Hessian; empty where none was
 *     factored
 * @param fallback what was done in place of what the recipe asks for, and why
 * @param groupBits number of column groups by their bits, fewest bits first; 32 for float
 * @param storedBits bits per weight, counted from all that is stored
 */
public record LayerReport(
    int layer,
    Projection projection,
    double weightError,
    Optional<Double> outputError,
    Optional<Inputs> inputs,
    Optional<Double> salience,
    Clipping clipping,
    Optional<Double> damping,
    Optional<String> fallback,
    SequencedMap<Integer, Integer> groupBits,
    double storedBits) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * The inputs of a layer.
   *
   * @param tokens calibration tokens
   * @param minimum smallest value
   * @param maximum largest value
   * @param maximumOverRms max|x| over the root of the mean square: how far outliers stand out
   * @param kurtosis of all values; 3 for a normal distribution
   * @param tokenMaximumMean mean over tokens of max|x|, the range a per-token scale has to cover
   * @param tokenMaximumSpread its standard deviation over its mean: how unstable the range is
   * @param deadChannels channels that are 0 for every token
   * @param nonFinite values that are NaN or infinite
   */
  public record Inputs(
      long tokens,
      double minimum,
      double maximum,
      double maximumOverRms,
      double kurtosis,
      double tokenMaximumMean,
      double tokenMaximumSpread,
      int deadChannels,
      long nonFinite) {}

  /** Makes the map unmodifiable. */
  public LayerReport {
    groupBits = Collections.unmodifiableSequencedMap(new TreeMap<>(groupBits));
  }

  /**
   * The report of a rounded layer.
   *
   * @param error its errors
   * @param weight W [N x K] in front of rounding, row-major
   * @param linear what it became
   * @param inputs statistics of its inputs
   * @param diagonal [K] of the Gram matrix of its inputs, up to a factor
   * @param damping damping used, where a Hessian was factored
   * @param fallback what was done in place of the recipe
   */
  public static LayerReport of(
      LayerError error,
      float[] weight,
      StoredLinear linear,
      Optional<InputStatistics> inputs,
      Optional<double[]> diagonal,
      Optional<Double> damping,
      Optional<String> fallback) {
    return new LayerReport(
        error.layer(),
        error.projection(),
        error.weightError(),
        Double.isNaN(error.outputError()) ? Optional.empty() : Optional.of(error.outputError()),
        inputs.map(InputStatistics::profile),
        diagonal.map(values -> Salience.topShare(weight, values)),
        Clipping.of(weight, linear),
        damping,
        fallback,
        groupBits(linear),
        linear.storedBitsPerWeight());
  }

  private static SequencedMap<Integer, Integer> groupBits(StoredLinear linear) {
    TreeMap<Integer, Integer> groups = new TreeMap<>();
    switch (linear) {
      case GridLinear grid -> groups.put(grid.bits(), grid.groups());
      case MixedGroupLinear mixed -> {
        for (int bits : mixed.bitsPerGroup()) {
          groups.merge(bits, 1, Integer::sum);
        }
      }
      case BinaryLinear binary ->
          groups.put(1, Math.ceilDiv(binary.inputFeatures(), binary.blockSize()));
      case FloatLinear _ -> groups.put(Float.SIZE, 1);
    }
    return groups;
  }

  /** Full module name, for example {@code model.layers.0.self_attn.q_proj}. */
  public String module() {
    return projection.module(layer);
  }

  /** The errors alone. */
  public LayerError error() {
    return new LayerError(layer, projection, outputError.orElse(Double.NaN), weightError);
  }

  /** This report as one line of JSON, fields by component name. */
  public String toJson() {
    return JSON.writeValueAsString(this);
  }

  /**
   * The report that {@link #toJson} wrote.
   *
   * @throws BitAtlasException when it is not one
   */
  public static LayerReport fromJson(String json) {
    try {
      return JSON.readValue(json, LayerReport.class);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "A layer report is not valid: "
              + String.valueOf(e.getOriginalMessage())
              + "; remove it and quantize again.",
          e);
    }
  }
}
