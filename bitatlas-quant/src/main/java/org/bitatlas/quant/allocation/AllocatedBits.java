package org.bitatlas.quant.allocation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.LayerScheme;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The bits that were found for a recipe.
 *
 * @param recipe the recipe with the bits of every layer in place
 * @param spent what layers and tables take, and what they may, in the unit of the budget, in words
 * @param served the way of serving that the bits are for, and what became of others: a line each;
 *     empty where no target was named
 * @param steps how the divergence went down, from the first solution on
 */
public record AllocatedBits(
    Recipe recipe, List<String> spent, List<String> served, List<Step> steps) {

  private static final String NOTE = "adaptive bits, ";
  private static final String LAYERS = NOTE + "layer_bits: ";
  private static final String TABLES = NOTE + "embedding and head: ";

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

  /** Copies the lists. */
  public AllocatedBits {
    spent = List.copyOf(spent);
    served = List.copyOf(served);
    steps = List.copyOf(steps);
  }

  /** What a user wants to know, a line each; {@link #found} reads the bits back. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (steps.isEmpty()) {
      return notes;
    }
    spent.forEach(line -> notes.add("adaptive bits: " + line));
    served.forEach(line -> notes.add(NOTE + line));
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
    notes.add(LAYERS + recipe.describe().getOrDefault("layer_bits", ""));
    if (recipe.embedding().equals(recipe.head())) {
      notes.add(TABLES + recipe.embedding().id());
    }
    return notes;
  }

  /**
   * The recipe that the notes of an adaptive one tell of: with the bits of its layers, and its
   * tables, as they were found.
   *
   * @param adaptive the recipe with {@link BitAllocation.Adaptive}
   * @param notes what was reported when it was carried out
   * @return empty where the notes do not tell all of it, as those of older versions
   */
  public static Optional<Recipe> found(Recipe adaptive, List<String> notes) {
    Optional<String> layers = after(LAYERS, notes);
    Optional<String> tables = after(TABLES, notes);
    boolean own =
        adaptive.allocation() instanceof BitAllocation.Adaptive wanted && wanted.tables().isEmpty();
    if (layers.isEmpty() || (tables.isEmpty() && !own)) {
      return Optional.empty();
    }
    try {
      List<LayerScheme> schemes =
          Arrays.stream(layers.get().split(",")).map(LayerScheme::parse).toList();
      Recipe found = adaptive.with(new BitAllocation.PerLayer(schemes));
      return Optional.of(
          own ? found : found.withTables(TableScheme.parse(tables.orElseThrow(), "the notes")));
    } catch (BitAtlasException _) {
      return Optional.empty();
    }
  }

  private static Optional<String> after(String beginning, List<String> notes) {
    return notes.stream()
        .filter(note -> note.startsWith(beginning))
        .map(note -> note.substring(beginning.length()))
        .findFirst();
  }
}
