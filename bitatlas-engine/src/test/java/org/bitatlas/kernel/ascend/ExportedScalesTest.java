package org.bitatlas.kernel.ascend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the roundings of a loader cost, with the scales stored plainly and rounded before. */
class ExportedScalesTest {

  private static final int COLUMNS = 256;
  private static final int FEATURES = 16;

  private final Random random = new Random(3);

  /**
   * Worst gain of a layer's outputs, as a part of 1: what all outputs share is an error of scale.
   */
  private record Errors(double plain, double rounded) {}

  private Errors gains(HalfFormat type) {
    double plain = 0;
    double rounded = 0;
    for (int trial = 0; trial < 100; trial++) {
      float step = (float) Math.exp(random.nextGaussian() * 2 - 3);
      float[] weightScales = new float[FEATURES];
      for (int n = 0; n < FEATURES; n++) {
        weightScales[n] = (float) Math.exp(random.nextGaussian() - 6);
      }
      long[] sums = new long[FEATURES];
      float[] none = {};
      plain =
          Math.max(
              plain,
              worst(ExportedScales.plain(step, 0, weightScales, sums, none), weightScales, type));
      rounded =
          Math.max(
              rounded,
              worst(
                  ExportedScales.rounded(step, 0, weightScales, sums, none, type),
                  weightScales,
                  type));
    }
    return new Errors(plain, rounded);
  }

  /** The product of what an input is multiplied by on its way in and on its way out, against 1. */
  private static double worst(ExportedScales scales, float[] weightScales, HalfFormat type) {
    double in = StaticInput.load(scales.inputScale(), 0, type).reciprocal();
    double worst = 0;
    for (int n = 0; n < weightScales.length; n++) {
      float stored = scales.dequantScales()[n];
      double out = type == HalfFormat.FP16 ? DequantScale.truncated(stored) : stored;
      worst = Math.max(worst, Math.abs(in * out / weightScales[n] - 1));
    }
    return worst;
  }

  @Test
  void aBf16LoaderCostsUpToAHundredthAndNothingWhereScalesWereRounded() {
    Errors errors = gains(HalfFormat.BF16);
    assertThat(errors.plain()).isBetween(0.003, 0.0079);
    assertThat(errors.rounded()).isLessThan(1e-7);
  }

  @Test
  void anFp16LoaderCutsScalesDownAndRoundedOnesAreKept() {
    Errors errors = gains(HalfFormat.FP16);
    assertThat(errors.plain()).isBetween(0.001, 0.002);
    assertThat(errors.rounded()).isLessThan(0x1p-11 * 1.001);
  }

  @Test
  void theBiasBecomesWholeNumbersThatCancelTheOffset() {
    float[] weightScales = {0.01f, 0.02f};
    ExportedScales scales =
        ExportedScales.plain(0.5f, -3, weightScales, new long[] {10, -7}, new float[] {1, -2});
    assertThat(scales.quantBias()).containsExactly(200 + 30, -200 - 21);
    assertThat(scales.inputScale()).isEqualTo(0.5f);
  }

  @Test
  void roundedScalesAreExactInTheTypesThatReadThem() {
    float[] weightScales = {0.0123f, 0.00377f};
    ExportedScales scales =
        ExportedScales.rounded(
            0.0371f, 5, weightScales, new long[] {COLUMNS, 1}, new float[0], HalfFormat.FP16);
    assertThat(HalfFormat.FP16.round(scales.inputScale())).isEqualTo(scales.inputScale());
    for (float scale : scales.dequantScales()) {
      assertThat(DequantScale.truncated(scale)).isEqualTo(scale);
    }
    assertThat(scales.quantBias()).containsExactly(-5 * COLUMNS, -5);
  }
}
