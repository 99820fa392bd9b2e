package org.bitatlas.quant.allocation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bitatlas.quant.method.Recipe;

/**
 * The bits that were found for a recipe.
 *
 * @param recipe the recipe with the bits of every layer in place
 * @param bytes what linear layers, embedding and head take, as stored
 * @param budget what they may take
 * @param steps how the divergence went down, from the first solution on
 */
public record AllocatedBits(Recipe recipe, double bytes, double budget, List<Step> steps) {

  /**
   * One solution.
   *
   * @param what how it was found
   * @param predicted divergence the damages add up to, nats per token
   * @param measured divergence with all layers in place together
   * @param gap how far the solution may be from the best one for these damages
   * @param kept whether it took the place of the one before
   */
  public record Step(String what, double predicted, double measured, double gap, boolean kept) {}

  /** Copies the list. */
  public AllocatedBits {
    steps = List.copyOf(steps);
  }

  /** What a user wants to know, a line each. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (steps.isEmpty()) {
      return notes;
    }
    notes.add(
        String.format(
            Locale.ROOT, "adaptive bits: %.0f of %.0f bytes for layers and tables", bytes, budget));
    for (Step step : steps) {
      notes.add(
          String.format(
              Locale.ROOT,
              "adaptive bits, %s: KL to float %.5f predicted, %.5f measured on the calibration"
                  + " texts%s%s",
              step.what(),
              step.predicted(),
              step.measured(),
              step.gap() > 0 ? String.format(Locale.ROOT, ", solver gap %.1e", step.gap()) : "",
              step.kept() ? "" : ", not taken"));
    }
    notes.add("adaptive bits, layer_bits: " + recipe.describe().getOrDefault("layer_bits", ""));
    return notes;
  }
}
