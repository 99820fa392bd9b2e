package org.bitatlas.quant.allocation;

import java.util.Comparator;
import java.util.List;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.BitBudget;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.plan.OutputSize;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerSlot;

/**
 * What choices cost in bytes, as they are stored: codes, scales, zero points, biases.
 *
 * @param architecture the model
 * @param recipe the recipe whose bits are to be found
 * @param floatBytes bytes of a weight of the float checkpoint
 */
record LayerCosts(Architecture architecture, Recipe recipe, int floatBytes) {

  /** Bytes of a linear layer under a choice. */
  long of(LayerSlot slot, LayerChoice choice) {
    return OutputSize.ofLinear(
        architecture, choice.on(recipe), floatBytes, slot.projection(), slot.layer());
  }

  /** The choices of a slot, cheapest first. */
  List<LayerChoice> byCost(LayerSlot slot) {
    return slot.choices().stream()
        .sorted(Comparator.comparingLong(choice -> of(slot, choice)))
        .toList();
  }

  /** Bytes of the linear layers that stay float. */
  long excluded() {
    long sum = 0;
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        if (recipe.excludes(projection.module(layer))) {
          sum += OutputSize.ofLinear(architecture, recipe, floatBytes, projection, layer);
        }
      }
    }
    return sum;
  }

  /** Bytes of embedding and head as the recipe has them. */
  long ofTables() {
    return OutputSize.ofTables(architecture, recipe, floatBytes);
  }

  /** Bytes of embedding and head. */
  long ofTables(TableScheme scheme) {
    return OutputSize.ofTables(architecture, recipe.withTables(scheme), floatBytes);
  }

  /**
   * Bytes that linear layers, embedding and head may take together.
   *
   * @param budget bits: those of the recipe with its own tables at that many bits everywhere
   */
  double allowed(BitBudget budget) {
    Recipe uniform = recipe.with(new BitAllocation.Uniform());
    return switch (budget) {
      case BitBudget.Bytes bytes ->
          bytes.bytes() - (OutputSize.of(architecture, uniform, floatBytes) - parts(recipe.bits()));
      case BitBudget.Bits bits -> {
        int below = (int) Math.floor(bits.bits());
        int above = (int) Math.ceil(bits.bits());
        double share = bits.bits() - below;
        yield (1 - share) * parts(below) + share * parts(above);
      }
    };
  }

  private long parts(int bits) {
    Recipe uniform = new LayerChoice(bits, recipe.groupSize()).on(recipe);
    long sum = OutputSize.ofTables(architecture, uniform, floatBytes);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        sum += OutputSize.ofLinear(architecture, uniform, floatBytes, projection, layer);
      }
    }
    return sum;
  }
}
