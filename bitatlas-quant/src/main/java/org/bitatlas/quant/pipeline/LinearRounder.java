package org.bitatlas.quant.pipeline;

import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.plan.Stage;
import org.bitatlas.quant.rounding.BlockBinarization;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.DriftCorrection;
import org.bitatlas.quant.rounding.InverseFactor;
import org.bitatlas.quant.rounding.LayerInputs;
import org.bitatlas.quant.rounding.MixedPrecision;
import org.bitatlas.quant.rounding.SalienceFactors;
import org.bitatlas.quant.rounding.SignRounding;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.StoredLinear;

/** Rounds the linear layers of one input group: they share the Hessian and mostly its factor. */
final class LinearRounder {

  private static final String TO_NEAREST = "rounded to nearest instead";
  private static final String NO_FEEDBACK = "binarized without spreading errors instead";

  private final Recipe recipe;
  private final Optional<double[]> hessian;
  private final Optional<double[]> drift;
  private final int columns;
  private final Optional<LayerInputs> inputs;
  private final Tiles tiles;
  private final StageClock clock;
  private Optional<InverseFactor> factor = Optional.empty();
  private int factored = -1;

  LinearRounder(
      Recipe recipe,
      Optional<double[]> hessian,
      Optional<double[]> drift,
      int columns,
      Optional<LayerInputs> inputs,
      Tiles tiles,
      StageClock clock) {
    this.recipe = recipe;
    this.hessian = hessian;
    this.drift = drift;
    this.columns = columns;
    this.inputs = inputs;
    this.tiles = tiles;
    this.clock = clock;
  }

  /**
   * A rounded layer.
   *
   * @param linear what is stored
   * @param damping fraction of the mean diagonal added to H, where it was factored
   * @param fallback what was done in place of what the recipe says, and why
   */
  record Result(StoredLinear linear, Optional<Double> damping, Optional<String> fallback) {}

  /**
   * Rounds a layer.
   *
   * @param weight W [N x K]
   * @param bias [N], where the layer has one
   */
  Result round(float[] weight, int rows, Optional<float[]> bias, Projection projection, int layer) {
    String module = projection.module(layer);
    Recipe own = recipe.of(module);
    return switch (recipe.rounding()) {
      case Rounding.Nearest _ ->
          own.bits() == 1
              ? new Result(
                  SignRounding.round(weight, rows, columns, own.groupSize(), tiles),
                  Optional.empty(),
                  Optional.empty())
              : sweep(own, weight, rows, Optional.empty(), Optional.empty(), 0);
      case Rounding.Gptq gptq ->
          sweep(
              own,
              weight,
              rows,
              factor(gptq.damping(), gptq.actOrder(), 0, module),
              Optional.empty(),
              gptq.damping());
      case Rounding.Gptaq gptaq -> {
        Rounding.Gptq options = gptaq.sweep();
        Optional<InverseFactor> inverse =
            factor(options.damping(), options.actOrder(), member(projection), module);
        Optional<DriftCorrection> correction =
            inverse.map(present ->
                clock.time(
                    Stage.FACTOR,
                    () -> DriftCorrection.of(drift.orElseThrow(), present, gptaq.alpha(), tiles)));
        double asked =
            InverseFactor.sharedDamping(options.damping(), member(projection), options.actOrder());
        yield sweep(own, weight, rows, inverse, correction, asked);
      }
      case Rounding.Billm billm -> {
        Optional<InverseFactor> inverse = factor(billm.damping(), false, 0, module);
        StoredLinear linear =
            BlockBinarization.round(weight, rows, columns, own, inverse, tiles).linear();
        Optional<Double> damping = inverse.map(InverseFactor::damping);
        yield new Result(linear, damping, fallback(damping, billm.damping(), NO_FEEDBACK));
      }
      case Rounding.SlimLlm slim -> mixed(own, weight, rows, slim, bias, module);
    };
  }

  private Result mixed(
      Recipe own,
      float[] weight,
      int rows,
      Rounding.SlimLlm slim,
      Optional<float[]> bias,
      String module) {
    Optional<SalienceFactors> found =
        clock.time(
            Stage.FACTOR,
            () ->
                SalienceFactors.of(
                    hessian.orElseThrow(), columns, slim.damping(), own.quirks(), module, tiles));
    MixedPrecision.Mixed mixed =
        MixedPrecision.round(
            weight,
            rows,
            columns,
            own,
            found.orElseGet(() -> SalienceFactors.identity(columns)),
            bias,
            inputs.orElseThrow(),
            tiles);
    Optional<Double> damping = found.map(factors -> factors.sweep().damping());
    Optional<String> fallback = fallback(damping, slim.damping(), TO_NEAREST);
    return new Result(mixed.linear(), damping, fallback.or(mixed::note));
  }

  private Result sweep(
      Recipe own,
      float[] weight,
      int rows,
      Optional<InverseFactor> inverse,
      Optional<DriftCorrection> correction,
      double asked) {
    StoredLinear linear =
        ColumnSweep.round(weight, rows, columns, own, inverse, correction, tiles).linear();
    Optional<Double> damping = inverse.map(InverseFactor::damping);
    boolean nearest = recipe.rounding() instanceof Rounding.Nearest;
    return new Result(
        linear, damping, nearest ? Optional.empty() : fallback(damping, asked, TO_NEAREST));
  }

  private Optional<String> fallback(Optional<Double> damping, double asked, String instead) {
    if (damping.isEmpty()) {
      return Optional.of(
          "the Hessian of its calibration inputs is not positive definite at any damping; "
              + instead);
    }
    return damping.get() > asked
        ? Optional.of(
            "the Hessian of its calibration inputs is not positive definite; damping raised from"
                + " %s to %s".formatted(asked, damping.get()))
        : Optional.empty();
  }

  /**
   * How many layers the reference has rounded with the shared Hessian before this one: it goes
   * through k, v, q and up, gate with one tensor. 0 without quirks.
   */
  private int member(Projection projection) {
    if (!recipe.quirks()) {
      return 0;
    }
    return switch (projection) {
      case KEY, OUTPUT, UP, DOWN -> 0;
      case VALUE, GATE -> 1;
      case QUERY -> 2;
    };
  }

  /** U of the group's inputs; computed once for layers that share it. */
  private Optional<InverseFactor> factor(
      double damping, boolean actOrder, int member, String module) {
    if (factored != member) {
      factor =
          clock.time(
              Stage.FACTOR,
              () ->
                  InverseFactor.ofSharedHessian(
                      hessian.orElseThrow(), columns, damping, member, actOrder, module, tiles));
      factored = member;
    }
    return factor;
  }
}
