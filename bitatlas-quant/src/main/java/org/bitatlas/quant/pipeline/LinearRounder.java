package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.InverseFactor;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/** Rounds the linear layers of one input group: they share the Hessian and mostly its factor. */
final class LinearRounder {

  private final Recipe recipe;
  private final Optional<double[]> hessian;
  private final Optional<double[]> drift;
  private final int columns;
  private final Tiles tiles;
  private final List<String> notes = new ArrayList<>();
  private Optional<InverseFactor> factor = Optional.empty();
  private double factored = -1;

  LinearRounder(
      Recipe recipe,
      Optional<double[]> hessian,
      Optional<double[]> drift,
      int columns,
      Tiles tiles) {
    this.recipe = recipe;
    this.hessian = hessian;
    this.drift = drift;
    this.columns = columns;
    this.tiles = tiles;
  }

  /** What happened on the way. */
  List<String> notes() {
    return notes;
  }

  /**
   * Rounds a layer.
   *
   * @param weight W [N x K]
   * @param module its name, for messages
   * @param member number of layers of the group rounded before
   */
  StoredLinear round(float[] weight, int rows, String module, int member) {
    return switch (recipe.rounding()) {
      case Rounding.Nearest _ -> sweep(weight, rows, Optional.empty());
      case Rounding.Gptq gptq ->
          sweep(weight, rows, factor(gptq.damping(), gptq.actOrder(), module));
      case Rounding.Gptaq _, Rounding.Billm _, Rounding.SlimLlm _ ->
          throw new BitAtlasException(recipe.method() + " is not part of this version.");
    };
  }

  private StoredLinear sweep(float[] weight, int rows, Optional<InverseFactor> inverse) {
    return ColumnSweep.round(weight, rows, columns, recipe, inverse, tiles).linear();
  }

  /** U of the group's inputs at a damping; computed once while the damping stays. */
  private Optional<InverseFactor> factor(double damping, boolean actOrder, String module) {
    if (factored != damping) {
      factor = InverseFactor.of(hessian.orElseThrow(), columns, damping, actOrder, module, tiles);
      factored = damping;
    }
    if (factor.isEmpty()) {
      notes.add(
          module
              + ": the Hessian of its calibration inputs is not positive definite at any damping;"
              + " rounded to nearest instead.");
    } else if (factor.get().damping() != damping) {
      notes.add(
          "%s: the Hessian of its calibration inputs is not positive definite; damping raised from %s to %s."
              .formatted(module, damping, factor.get().damping()));
    }
    return factor;
  }

  /** D of the group's inputs. */
  Optional<double[]> drift() {
    return drift;
  }
}
