package org.bitatlas.quant.allocation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.allocation.ChoiceProblem.Choice;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.LayerScheme;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.sensitivity.CandidatePool;
import org.bitatlas.quant.sensitivity.DivergenceMeter;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerSlot;
import org.bitatlas.quant.sensitivity.SensitivityListener;
import org.bitatlas.quant.sensitivity.SensitivityMeasurement;
import org.bitatlas.quant.sensitivity.SensitivityStore;
import org.bitatlas.quant.sensitivity.SensitivityTable;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Finds the bits of every layer for a recipe with {@link BitAllocation.Adaptive}: the damage of
 * each layer under each choice is measured in KL of the logits, one layer at a time; a knapsack
 * takes the choices whose damages add up to least within the budget; then, as damages add up only
 * roughly, the damage of a step up and down is measured again with all layers as found, and the
 * knapsack solved around that point, as often as it helps (docs/adaptive-bits.md).
 *
 * <p>Damages are measured with the rounding of the recipe; a transform in front of it, which is
 * searched for the bits found, comes in when the recipe is carried out.
 */
public final class AdaptiveBits {

  /** Raised when the same damages would give other bits. */
  public static final int BEHAVIOUR_VERSION = 1;

  /** Tokens of the calibration set that damages are measured on, at most. */
  private static final int TOKENS = 4096;

  private final Source source;
  private final Recipe recipe;
  private final BitAllocation.Adaptive wanted;
  private final CalibrationSet calibration;
  private final CalibrationSet texts;
  private final Options options;
  private final Tiles tiles;
  private final LayerCosts costs;
  private final CandidatePool pool;
  private final List<LayerSlot> slots;

  /**
   * Around the search.
   *
   * @param folder where sensitivities are kept; empty to measure them each time
   * @param support what the target loads
   * @param threads threads to use, at least 1; results do not depend on it
   * @param listener told of progress
   */
  public record Options(
      Optional<Path> folder, SchemeSupport support, int threads, SensitivityListener listener) {}

  private AdaptiveBits(
      Source source,
      Recipe recipe,
      BitAllocation.Adaptive wanted,
      CalibrationSet calibration,
      Options options,
      Tiles tiles) {
    this.source = source;
    this.recipe = recipe;
    this.wanted = wanted;
    this.calibration = calibration;
    this.texts = part(calibration);
    this.options = options;
    this.tiles = tiles;
    this.costs = new LayerCosts(source.architecture(), recipe, floatBytes(source));
    this.pool = new CandidatePool(source, recipe.roundingOnly(), calibration, options.threads());
    this.slots = slots(source.architecture());
  }

  /**
   * The bits of an adaptive recipe; another recipe as it is.
   *
   * @throws BitAtlasException when the budget is too small, or the target loads no choice for a
   *     layer
   */
  public static AllocatedBits resolve(
      Source source, Recipe recipe, CalibrationSet calibration, Options options) {
    if (!(recipe.allocation() instanceof BitAllocation.Adaptive wanted)) {
      return new AllocatedBits(recipe, 0, 0, List.of());
    }
    try (Tiles tiles = new Tiles(options.threads())) {
      return new AdaptiveBits(source, recipe, wanted, calibration, options, tiles).resolve();
    }
  }

  private AllocatedBits resolve() {
    double budget = costs.allowed(wanted.budget()) - costs.excluded();
    List<TableChoice> tables = tables();
    List<List<Choice>> items = layerItems(sensitivities());
    items.add(
        tables.stream().map(table -> new Choice(table.bytes(), table.damage(), false)).toList());
    ChoiceSolution solution = ChoiceSolver.solve(new ChoiceProblem(items, budget));
    TableChoice stored = tables.get(solution.chosen().getLast());
    List<LayerChoice> first = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      first.add(slots.get(i).choices().get(solution.chosen().get(i)));
    }
    try (DivergenceMeter meter = new DivergenceMeter(source, stored.parts(), texts, tiles)) {
      Refinement refinement =
          new Refinement(slots, pool, meter, options.listener(), costs, first, solution);
      refinement.refine(budget - stored.bytes(), wanted.passes());
      return allocated(refinement, stored, budget);
    }
  }

  private AllocatedBits allocated(Refinement refinement, TableChoice stored, double budget) {
    List<LayerScheme> schemes = new ArrayList<>();
    double bytes = stored.bytes();
    for (int i = 0; i < slots.size(); i++) {
      LayerChoice choice = refinement.chosen().get(i);
      bytes += costs.of(slots.get(i), choice);
      schemes.add(new LayerScheme(slots.get(i).module(), choice.bits(), choice.groupSize()));
    }
    Recipe found = recipe.with(new BitAllocation.PerLayer(schemes));
    return new AllocatedBits(
        wanted.tables().isEmpty() ? found : found.withTables(stored.scheme()),
        bytes + costs.excluded(),
        budget + costs.excluded(),
        refinement.steps());
  }

  private List<List<Choice>> layerItems(SensitivityTable table) {
    List<List<Choice>> items = new ArrayList<>();
    for (LayerSlot slot : slots) {
      List<Choice> choices = new ArrayList<>();
      for (LayerChoice choice : slot.choices()) {
        double damage = table.find(slot.module(), choice).orElseThrow().divergence();
        choices.add(new Choice(costs.of(slot, choice), damage, false));
      }
      items.add(choices);
    }
    return items;
  }

  private SensitivityTable sensitivities() {
    try (DivergenceMeter meter = new DivergenceMeter(source, Optional.empty(), texts, tiles)) {
      return SensitivityMeasurement.measure(
          meter,
          slots,
          pool,
          SensitivityMeasurement.settings(source, recipe.roundingOnly(), calibration, texts),
          options.folder().map(SensitivityStore::new),
          options.listener());
    }
  }

  private List<TableChoice> tables() {
    if (wanted.tables().isEmpty()) {
      return List.of(new TableChoice(TableScheme.FLOAT, costs.ofTables(), 0, Optional.empty()));
    }
    return TableChoice.measure(source, wanted.tables(), costs, texts, options.threads(), tiles);
  }

  private List<LayerSlot> slots(Architecture architecture) {
    List<LayerSlot> all = new ArrayList<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        if (!recipe.excludes(module)) {
          all.add(new LayerSlot(layer, projection, choices(module)));
        }
      }
    }
    return all;
  }

  private List<LayerChoice> choices(String module) {
    List<LayerChoice> choices = new ArrayList<>();
    for (int groupSize : wanted.groupSizes()) {
      for (int bits : wanted.bits()) {
        LayerChoice choice = new LayerChoice(bits, groupSize);
        if (options.support().loads(module, choice.on(recipe.weights()))) {
          choices.add(choice);
        }
      }
    }
    if (choices.isEmpty()) {
      throw new BitAtlasException(
          "The target loads no scheme for %s among bits %s with group sizes %s; allow others."
              .formatted(module, wanted.bits(), wanted.groupSizes()));
    }
    return choices;
  }

  private static CalibrationSet part(CalibrationSet calibration) {
    int sequences = Math.clamp(TOKENS / calibration.length(), 1, calibration.sequences().size());
    return CalibrationSets.ofIds(
        calibration.sequences().subList(0, sequences),
        "the first sequences of the calibration set");
  }

  private static int floatBytes(Source source) {
    return source.checkpoint().get(Projection.QUERY.module(0) + ".weight").type().bits()
        / Byte.SIZE;
  }
}
