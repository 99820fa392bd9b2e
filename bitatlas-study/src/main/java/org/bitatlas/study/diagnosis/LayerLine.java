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
 */
public record LayerLine(LayerReport report, OptionalDouble damage) {

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

  /** Kurtosis of its inputs; NaN where there was no calibration data. */
  public double kurtosis() {
    return report.inputs().map(LayerReport.Inputs::kurtosis).orElse(Double.NaN);
  }
}
