package org.bitatlas.quant.allocation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.model.Architecture.Projection;
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
 * takes the choices whose damages add up to least within the budget, of those that the target
 * loads; then, as damages add up only roughly, the damage of a step up and down is measured again
 * with all layers as found, and the knapsack solved around that point, as often as it helps
 * (docs/adaptive-bits.md).
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
  private final CandidatePool pool;

  /**
   * Around the search.
   *
   * @param folder where sensitivities are kept; empty to measure them each time
   * @param ways ways of serving to choose from, at least one: the one with the least damage is
   *     taken, of equal ones the first
   * @param threads threads to use, at least 1; results do not depend on it
   * @param listener told of progress
   */
  public record Options(
      Optional<Path> folder, List<ServingRules> ways, int threads, SensitivityListener listener) {}

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
    this.texts = CalibrationSets.first(calibration, TOKENS);
    this.options = options;
    this.tiles = tiles;
    this.pool = new CandidatePool(source, recipe.roundingOnly(), calibration, options.threads());
  }

  /**
   * The bits of an adaptive recipe; another recipe as it is.
   *
   * @throws BitAtlasException when no way of serving loads a choice for every layer within the
   *     budget; says what is in the way of each
   */
  public static AllocatedBits resolve(
      Source source, Recipe recipe, CalibrationSet calibration, Options options) {
    if (!(recipe.allocation() instanceof BitAllocation.Adaptive wanted)) {
      return new AllocatedBits(recipe, List.of(), List.of(), List.of());
    }
    try (Tiles tiles = new Tiles(options.threads())) {
      return new AdaptiveBits(source, recipe, wanted, calibration, options, tiles).resolve();
    }
  }

  private AllocatedBits resolve() {
    ServingWays ways = ServingWays.of(source, recipe, wanted, options.ways());
    List<ServingProblem> open = ways.open();
    if (!open.isEmpty()) {
      Map<String, Double> measured = new HashMap<>();
      sensitivities(open)
          .damages()
          .forEach(
              damage -> measured.put(key(damage.module(), damage.choice()), damage.divergence()));
      Map<Optional<TableScheme>, TableChoice> tables = tables(open);
      ServingWays solved =
          ways.solved(
              (module, choice) -> Objects.requireNonNull(measured.get(key(module, choice))),
              scheme -> stored(tables, scheme).damage());
      Optional<ServingProblem> best = solved.best();
      if (best.isPresent()) {
        return refined(best.get(), solved, tables);
      }
    }
    throw ways.refusal(wanted.target());
  }

  private AllocatedBits refined(
      ServingProblem problem, ServingWays ways, Map<Optional<TableScheme>, TableChoice> tables) {
    ChoiceSolution solution = ways.solution(problem);
    Optional<TableScheme> scheme = problem.tables().get(solution.chosen().getLast());
    TableChoice stored = stored(tables, scheme);
    List<LayerSlot> slots = problem.slots();
    Costs costs = problem.costs();
    List<LayerChoice> first = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      first.add(slots.get(i).choices().get(solution.chosen().get(i)));
    }
    double spent = costs.ofTables(scheme);
    List<LayerScheme> schemes = new ArrayList<>();
    try (DivergenceMeter meter = new DivergenceMeter(source, stored.parts(), texts, tiles)) {
      Refinement refinement =
          new Refinement(slots, pool, meter, options.listener(), costs, first, solution);
      refinement.refine(costs.allowed() - spent, wanted.passes());
      for (int i = 0; i < slots.size(); i++) {
        LayerChoice choice = refinement.chosen().get(i);
        spent += costs.of(slots.get(i), choice);
        slots
            .get(i)
            .modules()
            .forEach(
                module -> schemes.add(new LayerScheme(module, choice.bits(), choice.groupSize())));
      }
      Recipe found = recipe.with(new BitAllocation.PerLayer(schemes));
      return new AllocatedBits(
          scheme.map(found::withTables).orElse(found),
          List.of(costs.words(spent)),
          wanted.target().isPresent() ? ways.words(problem) : List.of(),
          refinement.steps());
    }
  }

  private static String key(String module, LayerChoice choice) {
    return module + " " + choice;
  }

  private static TableChoice stored(
      Map<Optional<TableScheme>, TableChoice> tables, Optional<TableScheme> scheme) {
    return Objects.requireNonNull(tables.get(scheme));
  }

  /** What may be chosen, and at what cost, as text: goes into the key of records. */
  public static String describe(Source source, Recipe recipe, List<ServingRules> ways) {
    return recipe.allocation() instanceof BitAllocation.Adaptive wanted
        ? ServingWays.of(source, recipe, wanted, ways).words()
        : "";
  }

  /** Damages of single layers under all choices that any way allows. */
  private SensitivityTable sensitivities(List<ServingProblem> problems) {
    List<LayerSlot> singles = new ArrayList<>();
    for (int layer = 0; layer < source.architecture().layers(); layer++) {
      for (Projection projection : Projection.values()) {
        int block = layer;
        Set<LayerChoice> offered =
            problems.stream()
                .flatMap(problem -> problem.slots().stream())
                .filter(slot -> slot.layer() == block && slot.projections().contains(projection))
                .flatMap(slot -> slot.choices().stream())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        if (!offered.isEmpty()) {
          singles.add(LayerSlot.of(layer, projection, List.copyOf(offered)));
        }
      }
    }
    try (DivergenceMeter meter = new DivergenceMeter(source, Optional.empty(), texts, tiles)) {
      return SensitivityMeasurement.measure(
          meter,
          singles,
          pool,
          SensitivityMeasurement.settings(source, recipe.roundingOnly(), calibration, texts),
          options.folder().map(SensitivityStore::new),
          options.listener());
    }
  }

  /** What each way to store embedding and head does; the recipe's own way counts as no change. */
  private Map<Optional<TableScheme>, TableChoice> tables(List<ServingProblem> problems) {
    Map<Optional<TableScheme>, TableChoice> tables = new LinkedHashMap<>();
    for (ServingProblem problem : problems) {
      for (Optional<TableScheme> scheme : problem.tables()) {
        tables.computeIfAbsent(
            scheme,
            wantedScheme ->
                wantedScheme
                    .map(known ->
                        TableChoice.measure(source, known, texts, options.threads(), tiles))
                    .orElse(TableChoice.UNCHANGED));
      }
    }
    return tables;
  }
}
