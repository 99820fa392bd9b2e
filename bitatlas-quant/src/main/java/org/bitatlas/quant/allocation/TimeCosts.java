package org.bitatlas.quant.allocation;

import java.util.Locale;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.BitBudget;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerSlot;

/**
 * What choices cost in seconds of a decoded token where the model will be served: predicted.
 *
 * @param architecture the model
 * @param recipe the recipe whose bits are to be found
 * @param budget tokens a second
 * @param time predicted times
 * @param where the way of serving, for words
 */
record TimeCosts(
    Architecture architecture,
    Recipe recipe,
    BitBudget.Speed budget,
    DecodingTime time,
    String where)
    implements Costs {

  @Override
  public double of(LayerSlot slot, LayerChoice choice) {
    return slot.projections().stream()
        .mapToDouble(
            projection -> time.ofLinear(projection, Optional.of(choice.on(recipe.weights()))))
        .sum();
  }

  /** The embedding is looked up, not multiplied with: the head's time alone. */
  @Override
  public double ofTables(Optional<TableScheme> scheme) {
    return time.ofHead(scheme.orElse(recipe.head()).weights());
  }

  @Override
  public double allowed() {
    return budget.seconds() - fixed();
  }

  /** Seconds that no choice changes: all but quantized layers and the head. */
  private double fixed() {
    double fixed = time.ofTheRest();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        if (recipe.excludes(projection.module(layer))) {
          fixed += time.ofLinear(projection, Optional.empty());
        }
      }
    }
    return fixed;
  }

  @Override
  public String words(double spent) {
    return String.format(
        Locale.ROOT,
        "%.4g tokens/s predicted for decoding with %s, %.4g asked for",
        1 / (spent + fixed()),
        where,
        budget.tokensPerSecond());
  }

  @Override
  public String tooMuch(double least) {
    return String.format(
        Locale.ROOT,
        "at most %.4g tokens/s are predicted, with the fastest choices, and %.4g are asked for",
        1 / (least + fixed()),
        budget.tokensPerSecond());
  }
}
