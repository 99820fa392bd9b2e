package org.bitatlas.study.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.format.support.DeviceFamily;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Phase;
import org.bitatlas.model.Precision;
import org.bitatlas.study.target.Arithmetic;
import org.bitatlas.study.target.ExecutionScheme;
import org.bitatlas.study.target.HardwareTarget;
import org.bitatlas.study.target.Prediction;
import org.bitatlas.study.target.Prediction.Part;
import org.bitatlas.study.target.Quantity;
import org.bitatlas.study.target.Roofline;
import org.bitatlas.study.target.Workload;
import org.bitatlas.tensor.ElementType;

/**
 * The predictor on the machine it runs on: limits measured by a bench go in, and what comes out is
 * held against what the same bench measured. Measured and predicted numbers stand in fields of
 * their own.
 *
 * @param rows one per scheme that both know
 * @param prefill how far off the prefill is
 * @param decode how far off decoding is
 */
public record PredictorCheck(List<Row> rows, Error prefill, Error decode) {

  /**
   * A scheme.
   *
   * @param scheme its name
   * @param measuredPrefill tokens per second, measured
   * @param predictedPrefill tokens per second by the roofline
   * @param measuredDecode tokens per second, measured
   * @param predictedDecode tokens per second by the roofline
   * @param measuredQuantization measured share of rounding in the prefill
   * @param predictedQuantization predicted share of rounding in the prefill
   */
  public record Row(
      String scheme,
      Spread measuredPrefill,
      double predictedPrefill,
      Spread measuredDecode,
      double predictedDecode,
      double measuredQuantization,
      double predictedQuantization) {}

  /**
   * An error over schemes.
   *
   * @param reached measured speed over the predicted one, geometric mean: 1 is a program that
   *     reaches the roofline
   * @param ordering mean relative error of the speed of a scheme over that of the first one, which
   *     is what schemes are ordered by
   * @param worst the largest of these relative errors
   */
  public record Error(double reached, double ordering, double worst) {}

  /**
   * Checks the predictor against a bench on packed codes.
   *
   * @param architecture of what was measured
   * @param rest precision of what is not quantized
   */
  public static PredictorCheck of(BenchResult result, Architecture architecture, Precision rest) {
    HardwareTarget here = here(result);
    Workload workload =
        new Workload(result.run().prompt(), result.run().context(), result.run().tokens());
    List<Row> rows = new ArrayList<>();
    for (SchemeResult measured : result.schemes()) {
      Optional<ExecutionScheme> scheme =
          Scheme.all().stream()
              .filter(known -> known.name().equals(measured.facts().scheme()))
              .findFirst()
              .flatMap(known -> BenchSchemes.of(known, rest));
      if (scheme.isPresent() && !measured.facts().execution().equals("simulated")) {
        Prediction predicted = Roofline.predict(here, architecture, scheme.get(), workload);
        rows.add(
            new Row(
                measured.facts().scheme(),
                measured.prefillTokensPerSecond(),
                predicted.prefillTokensPerSecond(),
                measured.decodeTokensPerSecond(),
                predicted.decodeTokensPerSecond(),
                measured.prefill().share(Phase.QUANTIZATION),
                predicted.prefillShare(Part.QUANTIZATION)));
      }
    }
    return new PredictorCheck(
        List.copyOf(rows),
        error(
            rows.stream().mapToDouble(row -> row.measuredPrefill().median()).toArray(),
            rows.stream().mapToDouble(Row::predictedPrefill).toArray()),
        error(
            rows.stream().mapToDouble(row -> row.measuredDecode().median()).toArray(),
            rows.stream().mapToDouble(Row::predictedDecode).toArray()));
  }

  /**
   * The machine that a bench ran on, by the limits measured beside the schemes: what the predictor
   * is checked against. Rates are medians over the rounds; memory is no limit.
   */
  private static HardwareTarget here(BenchResult result) {
    String source = "bitatlas bench, %d rounds".formatted(result.run().limits().size());
    Map<Arithmetic, Quantity> peaks = new EnumMap<>(Arithmetic.class);
    for (ElementType type : List.of(ElementType.F32, ElementType.BF16, ElementType.I8)) {
      if (result.peak(type).exists()) {
        peaks.put(
            Arithmetic.of(type),
            new Quantity(result.peak(type).median(), Quantity.Basis.MEASURED, source));
      }
    }
    Optional.ofNullable(peaks.get(Arithmetic.FP32))
        .ifPresent(peak -> peaks.put(Arithmetic.VECTOR, peak));
    return new HardwareTarget(
        "here",
        String.join(", ", result.run().machine().sequencedValues().stream().limit(2).toList()),
        DeviceFamily.CPU_AVX2,
        List.of(),
        new Quantity(Long.MAX_VALUE, Quantity.Basis.MEASURED, source),
        new Quantity(result.bandwidth().median(), Quantity.Basis.MEASURED, source),
        peaks,
        "float",
        List.of(),
        List.of());
  }

  /** NaN where there is nothing to compare. */
  static Error error(double[] measured, double[] predicted) {
    double logarithms = 0;
    double ordering = 0;
    double worst = 0;
    for (int i = 0; i < measured.length; i++) {
      logarithms += Math.log(measured[i] / predicted[i]);
      double gain = measured[i] / measured[0];
      double off = Math.abs(predicted[i] / predicted[0] / gain - 1);
      ordering += off;
      worst = Math.max(worst, off);
    }
    return new Error(
        Math.exp(logarithms / measured.length),
        measured.length > 1 ? ordering / (measured.length - 1) : Double.NaN,
        measured.length > 1 ? worst : Double.NaN);
  }
}
