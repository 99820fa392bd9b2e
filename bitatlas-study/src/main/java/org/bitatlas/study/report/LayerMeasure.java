package org.bitatlas.study.report;

import java.util.OptionalDouble;
import org.bitatlas.quant.pipeline.LayerReport;

/**
 * A number that the page shows for every quantized layer, with its colour scale: logarithmic, and
 * the same for all recipes.
 */
enum LayerMeasure {
  OUTPUT_ERROR(
      "Relative output error",
      "energy of the change of the layer's output over the energy of the output, on the calibration"
          + " inputs",
      Unit.PERCENT,
      1e-4,
      Math.sqrt(10)),
  WEIGHT_ERROR(
      "Relative weight error",
      "energy of the change of the weight over the energy of the weight",
      Unit.PERCENT,
      1e-4,
      Math.sqrt(10)),
  MAXIMUM_OVER_RMS(
      "Outliers: max / RMS",
      "largest calibration input over the root of their mean square; a normal distribution has"
          + " about 5",
      Unit.NUMBER,
      5,
      1.7),
  KURTOSIS(
      "Outliers: kurtosis",
      "of the calibration inputs; 3 for a normal distribution, more where few values are far out",
      Unit.NUMBER,
      3,
      2.5),
  SALIENCE(
      "Salience",
      "share of the output energy that the most important 1 % of the weight's columns carry;"
          + " 1 % when all matter equally",
      Unit.PERCENT,
      0.01,
      1.8),
  AT_ENDS(
      "Clipping: codes at the ends",
      "share of the codes that are the lowest or highest of their grid; about 2 / group size when"
          + " nothing is clipped",
      Unit.PERCENT,
      0.005,
      2),
  RANGE_CUT(
      "Clipping: range cut off",
      "mean part of a group's range of weights that lies outside its grid",
      Unit.PERCENT,
      0.001,
      2.5),
  DAMPING(
      "Damping used",
      "fraction of the mean diagonal that was added to the Hessian; above what the recipe asks"
          + " where the factorization failed otherwise",
      Unit.NUMBER,
      0.01,
      Math.sqrt(10)),
  SMALLEST("Activation range: smallest", "smallest calibration input", Unit.NUMBER, 1, 2, true),
  LARGEST("Activation range: largest", "largest calibration input", Unit.NUMBER, 1, 2, true),
  TOKEN_RANGE(
      "Activation range of a token",
      "mean over tokens of max |x|: what a per-token scale has to cover",
      Unit.NUMBER,
      1,
      2,
      true),
  DYNAMIC_RANGE(
      "Dynamic range over tokens",
      "largest |x| of all tokens over that mean: how much coarser one static scale is than a"
          + " token's own",
      Unit.NUMBER,
      1.5,
      1.5,
      true),
  RANGE_SPREAD(
      "Spread of the token ranges",
      "standard deviation of max |x| over tokens, relative to its mean: how unstable the"
          + " calibrated range is",
      Unit.PERCENT,
      0.05,
      1.7,
      true);

  private static final int LEVELS = 8;

  private enum Unit {
    PERCENT,
    NUMBER
  }

  private final String title;
  private final String meaning;
  private final Unit unit;
  private final double lowest;
  private final double step;
  private final boolean ofActivations;

  LayerMeasure(String title, String meaning, Unit unit, double lowest, double step) {
    this(title, meaning, unit, lowest, step, false);
  }

  /**
   * A measure.
   *
   * @param lowest up to here a value has no colour
   * @param step factor from one colour to the next
   * @param ofActivations shown only where the inputs of linear layers are quantized
   */
  LayerMeasure(
      String title, String meaning, Unit unit, double lowest, double step, boolean ofActivations) {
    this.title = title;
    this.meaning = meaning;
    this.unit = unit;
    this.lowest = lowest;
    this.step = step;
    this.ofActivations = ofActivations;
  }

  /** Heading of the measure, with its unit. */
  String title() {
    return unit == Unit.PERCENT ? title + ", %" : title;
  }

  /** What the number says. */
  String meaning() {
    return meaning;
  }

  /** Whether the measure belongs to weight-activation schemes alone. */
  boolean ofActivations() {
    return ofActivations;
  }

  /** The number of a layer, if it was measured. */
  OptionalDouble of(LayerReport report) {
    return switch (this) {
      case OUTPUT_ERROR -> report.outputError().stream().mapToDouble(v -> v).findFirst();
      case WEIGHT_ERROR -> OptionalDouble.of(report.weightError());
      case SALIENCE -> report.salience().stream().mapToDouble(v -> v).findFirst();
      case AT_ENDS -> OptionalDouble.of(report.clipping().atEnds());
      case RANGE_CUT -> OptionalDouble.of(report.clipping().rangeCut());
      case DAMPING -> report.damping().stream().mapToDouble(v -> v).findFirst();
      case MAXIMUM_OVER_RMS,
          KURTOSIS,
          SMALLEST,
          LARGEST,
          TOKEN_RANGE,
          DYNAMIC_RANGE,
          RANGE_SPREAD ->
          report.inputs().stream().mapToDouble(this::ofInputs).findFirst();
    };
  }

  private double ofInputs(LayerReport.Inputs inputs) {
    return switch (this) {
      case MAXIMUM_OVER_RMS -> inputs.maximumOverRms();
      case KURTOSIS -> inputs.kurtosis();
      case SMALLEST -> inputs.minimum();
      case LARGEST -> inputs.maximum();
      case TOKEN_RANGE -> inputs.tokenMaximumMean();
      case DYNAMIC_RANGE ->
          inputs.tokenMaximumMean() == 0
              ? 1
              : Math.max(-inputs.minimum(), inputs.maximum()) / inputs.tokenMaximumMean();
      case RANGE_SPREAD -> inputs.tokenMaximumSpread();
      case OUTPUT_ERROR, WEIGHT_ERROR, SALIENCE, AT_ENDS, RANGE_CUT, DAMPING ->
          throw new IllegalStateException(name() + " is not measured on inputs");
    };
  }

  /** The number in few digits, without its unit. */
  String text(double value) {
    return Figures.compact(unit == Unit.PERCENT ? 100 * value : value);
  }

  /** The number in few digits, with its unit. */
  String textWithUnit(double value) {
    return withUnit(text(value));
  }

  /** The number in four digits, with its unit. */
  String precise(double value) {
    double shown = unit == Unit.PERCENT ? 100 * value : value;
    String text = Double.isFinite(shown) ? Figures.format("%.4g", shown) : Figures.compact(shown);
    return withUnit(text.replace('-', '−'));
  }

  private String withUnit(String text) {
    return unit == Unit.PERCENT ? text + " %" : text;
  }

  /** Colour of a value, 0 to 8. */
  int level(double value) {
    if (!(Math.abs(value) > lowest)) {
      return 0;
    }
    double steps = Math.floor(Math.log(Math.abs(value) / lowest) / Math.log(step));
    return (int) Math.min(steps + 1, LEVELS);
  }
}
