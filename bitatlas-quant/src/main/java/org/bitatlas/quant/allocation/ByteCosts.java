package org.bitatlas.quant.allocation;

import java.util.Locale;
import java.util.Optional;
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
 * @param budget bits or bytes
 * @param floatBytes bytes of a weight of the float checkpoint
 */
record ByteCosts(Architecture architecture, Recipe recipe, BitBudget budget, int floatBytes)
    implements Costs {

  @Override
  public double of(LayerSlot slot, LayerChoice choice) {
    long bytes = 0;
    for (Projection projection : slot.projections()) {
      bytes +=
          OutputSize.ofLinear(
              architecture, choice.on(recipe), floatBytes, projection, slot.layer());
    }
    return bytes;
  }

  @Override
  public double ofTables(Optional<TableScheme> scheme) {
    return OutputSize.ofTables(
        architecture, scheme.map(recipe::withTables).orElse(recipe), floatBytes);
  }

  /**
   * Bytes that linear layers, embedding and head may take together, less those of the layers that
   * stay float; a budget of bits is that of the recipe with its own tables at so many bits
   * everywhere.
   */
  @Override
  public double allowed() {
    Recipe uniform = recipe.with(new BitAllocation.Uniform());
    double allowed =
        switch (budget) {
          case BitBudget.Bytes bytes ->
              bytes.bytes()
                  - (OutputSize.of(architecture, uniform, floatBytes) - parts(recipe.bits()));
          case BitBudget.Bits bits -> {
            int below = (int) Math.floor(bits.bits());
            int above = (int) Math.ceil(bits.bits());
            double share = bits.bits() - below;
            yield (1 - share) * parts(below) + share * parts(above);
          }
          case BitBudget.Speed _ -> throw new IllegalStateException("a speed is not in bytes");
        };
    return allowed - excluded();
  }

  @Override
  public String words(double spent) {
    return String.format(
        Locale.ROOT,
        "%.0f of %.0f bytes for layers and tables",
        spent + excluded(),
        allowed() + excluded());
  }

  @Override
  public String tooMuch(double least) {
    return String.format(
        Locale.ROOT,
        "the smallest choices take %.0f bytes for layers and tables, and %.0f are allowed",
        least + excluded(),
        allowed() + excluded());
  }

  private long excluded() {
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
