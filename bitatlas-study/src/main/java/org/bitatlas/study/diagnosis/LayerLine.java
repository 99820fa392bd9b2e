package org.bitatlas.study.diagnosis;

import java.util.OptionalDouble;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.pipeline.LayerReport;

/**
 * What is known of one quantized linear layer.
 *
 * @param report errors, inputs, damping, fallbacks, stored bits
 * @param damage KL of the predictions when this layer alone is quantized, nats per token; empty
 *     where it was not measured
 * @param inputs the part of it that quantized inputs do without quantized weights; empty where it
 *     was not measured or inputs stay in float
 * @param noise energy of the rounding of its inputs over their energy, calculated from their ranges
 *     ({@link InputNoise}); empty where inputs stay in float or there was no calibration data
 */
public record LayerLine(
    LayerReport report, OptionalDouble damage, OptionalDouble inputs, OptionalDouble noise) {

  /** Whether the layer belongs to attention; else to the MLP. */
  public boolean inAttention() {
    return isAttention(report.projection());
  }

  static boolean isAttention(Projection projection) {
    InputGroup group = InputGroup.of(projection);
    return group == InputGroup.ATTENTION || group == InputGroup.ATTENTION_OUTPUT;
  }

  /** Relative output error; NaN where there was no calibration data. */
  public double outputError() {
    return report.outputError().orElse(Double.NaN);
  }

  /** max|x| over RMS of its inputs; NaN where there was no calibration data. */
  public double outliers() {
    return report.inputs().map(LayerReport.Inputs::maximumOverRms).orElse(Double.NaN);
  }

  /** Mean over tokens of max|x| of its inputs; NaN where there was no calibration data. */
  public double tokenRange() {
    return report.inputs().map(LayerReport.Inputs::tokenMaximumMean).orElse(Double.NaN);
  }

  /** Standard deviation of max|x| over tokens, over its mean; NaN without calibration data. */
  public double rangeSpread() {
    return report.inputs().map(LayerReport.Inputs::tokenMaximumSpread).orElse(Double.NaN);
  }

  /** Values of its inputs that are not finite. */
  public long nonFinite() {
    return report.inputs().map(LayerReport.Inputs::nonFinite).orElse(0L);
  }

  /** Name without the common beginning. */
  public String shortName() {
    return report.module().replace("model.", "");
  }

  /** Kurtosis of its inputs; NaN where there was no calibration data. */
  public double kurtosis() {
    return report.inputs().map(LayerReport.Inputs::kurtosis).orElse(Double.NaN);
  }
}
