package org.bitatlas.study.target;

import java.util.List;
import java.util.Optional;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.allocation.DecodingTime;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.study.target.Prediction.Part;

/**
 * The time of a decoded token by the roofline, part by part: <b>predicted, not measured</b>. Summed
 * over the layers of a scheme it is the {@link Prediction#decodeSeconds} of that scheme. The
 * rounding of inputs is among the rest: a recipe rounds them alike whatever the bits of a weight.
 */
final class PredictedDecoding implements DecodingTime {
  private final FormatName format;
  private final boolean dense;
  private final Arithmetic floats;
  private final Roofline roofline;
  private final double rest;

  /**
   * Decoding of one sequence.
   *
   * @param inputs how inputs are rounded
   * @param weightBits most bits of a quantized weight, which decide the type of the products
   * @param dense whether weights become floats when they are loaded
   */
  PredictedDecoding(
      HardwareTarget target,
      Architecture architecture,
      FormatName format,
      Inputs inputs,
      int weightBits,
      boolean dense,
      Workload workload) {
    this.format = format;
    this.dense = dense;
    this.floats = ServedWeights.floats(target);
    ExecutionScheme nominal =
        ExecutionScheme.alike(
            format.label(),
            ExecutionScheme.everywhere(weightBits),
            0,
            0,
            false,
            ServedWeights.factors(inputs, weightBits, floats),
            floats,
            dense ? ExecutionScheme.Inputs.FLOAT : ServedWeights.inputs(inputs),
            (int) (floats.bytes() * Byte.SIZE));
    this.roofline = new Roofline(target, architecture, nominal);
    Prediction prediction = Roofline.predict(target, architecture, nominal, workload);
    this.rest =
        List.of(Part.ATTENTION, Part.QUANTIZATION, Part.POINTWISE).stream()
            .mapToDouble(part -> prediction.decode().getOrDefault(part, 0.0))
            .sum();
  }

  private StoredWeight stored(Optional<WeightScheme> scheme) {
    return scheme
        .filter(_ -> !dense)
        .map(known -> ServedWeights.of(format, known))
        .orElseGet(() -> StoredWeight.floats(floats));
  }

  @Override
  public double ofLinear(Projection projection, Optional<WeightScheme> scheme) {
    return roofline.linear(projection, stored(scheme), 1);
  }

  @Override
  public double ofHead(Optional<WeightScheme> scheme) {
    return roofline.head(stored(scheme));
  }

  @Override
  public double ofTheRest() {
    return rest;
  }
}
