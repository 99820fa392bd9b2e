package org.bitatlas.quant.allocation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.BitBudget;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The ways in which a target serves a checkpoint, each with its own problem of allocation: the one
 * whose solution does the least damage is taken, and the others are told with theirs or with what
 * is in their way.
 */
final class ServingWays {
  private final List<ServingProblem> problems;
  private final Map<ServingProblem, ChoiceSolution> solutions;

  private ServingWays(
      List<ServingProblem> problems, Map<ServingProblem, ChoiceSolution> solutions) {
    this.problems = problems;
    this.solutions = solutions;
  }

  /** The problem of each way, not solved yet. */
  static ServingWays of(
      Source source, Recipe recipe, BitAllocation.Adaptive wanted, List<ServingRules> ways) {
    if (wanted.target().isPresent() && ways.contains(ServingRules.ANYTHING)) {
      throw new IllegalStateException("nobody looked up what " + wanted.target().get() + " loads");
    }
    Architecture architecture = source.architecture();
    List<ServingProblem> problems =
        ways.stream()
            .map(rules -> {
              Costs costs =
                  wanted.budget() instanceof BitBudget.Speed speed
                      ? new TimeCosts(
                          architecture, recipe, speed, rules.time().orElseThrow(), rules.name())
                      : new ByteCosts(architecture, recipe, wanted.budget(), floatBytes(source));
              return new ServingProblem(architecture, recipe, wanted, rules, costs);
            })
            .toList();
    return new ServingWays(problems, new LinkedHashMap<>());
  }

  /** What may be chosen in each way, and at what cost. */
  String words() {
    return problems.stream().map(ServingProblem::words).collect(Collectors.joining("\n"));
  }

  /** Those that offer a choice for every layer. */
  List<ServingProblem> open() {
    return problems.stream().filter(problem -> problem.objection().isEmpty()).toList();
  }

  /**
   * With a solution for each open way that has one within the budget.
   *
   * @param damages damage of each layer under each choice
   * @param stored damage of each way to store embedding and head
   */
  ServingWays solved(
      ServingProblem.Damages damages, ToDoubleFunction<Optional<TableScheme>> stored) {
    Map<ServingProblem, ChoiceSolution> found = new LinkedHashMap<>();
    for (ServingProblem problem : open()) {
      List<Double> tables = problem.tables().stream().mapToDouble(stored).boxed().toList();
      problem.solve(damages, tables).ifPresent(solution -> found.put(problem, solution));
    }
    return new ServingWays(problems, found);
  }

  /** The solved way with the least damage, of equal ones the first. */
  Optional<ServingProblem> best() {
    return solutions.keySet().stream()
        .min(Comparator.comparingDouble(problem -> solution(problem).damage()));
  }

  ChoiceSolution solution(ServingProblem problem) {
    return Objects.requireNonNull(solutions.get(problem));
  }

  /** The way that was taken, and each other with its damage or what is in its way. */
  List<String> words(ServingProblem taken) {
    List<String> lines = new ArrayList<>();
    lines.add("for " + taken.rules().name());
    for (ServingProblem other : problems) {
      if (other != taken) {
        ChoiceSolution solution = solutions.get(other);
        lines.add(
            "not for %s: %s"
                .formatted(
                    other.rules().name(),
                    solution == null
                        ? other.objection().orElseGet(other::tooMuch)
                        : String.format(
                            Locale.ROOT,
                            "KL to float %.5f predicted instead of %.5f",
                            solution.damage(),
                            solution(taken).damage())));
      }
    }
    return lines;
  }

  /** Why there is no allocation, in one sentence. */
  BitAtlasException refusal(Optional<String> target) {
    return new BitAtlasException(
        "%s: %s; allow other bits (bit_choices), groups (group_choices), another grid or a larger budget."
            .formatted(
                target
                    .map(name -> "No allocation of bits is loaded on " + name)
                    .orElse("No allocation of bits fits"),
                problems.stream()
                    .map(problem ->
                        (target.isPresent() ? problem.rules().name() + ": " : "")
                            + problem.objection().orElseGet(problem::tooMuch))
                    .distinct()
                    .collect(Collectors.joining("; "))));
  }

  private static int floatBytes(Source source) {
    return source.checkpoint().get(Projection.QUERY.module(0) + ".weight").type().bits()
        / Byte.SIZE;
  }
}
