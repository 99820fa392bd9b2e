package org.bitatlas.quant.allocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.BitBudget;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.LayerSlot;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Allocations of the first block of the embedded model, against all there are. */
class ServingProblemTest {
  private static final String OTHERS = "layers.1.,layers.2.,layers.3.,layers.4.,layers.5.";
  private static final List<List<Projection>> FUSED =
      List.of(
          List.of(Projection.QUERY, Projection.KEY, Projection.VALUE),
          List.of(Projection.GATE, Projection.UP));

  private static Architecture architecture;

  @BeforeAll
  static void open(@TempDir Path cache) {
    architecture = ArchitectureReader.read(Nano.open(cache).modelFolder().resolve("config.json"));
  }

  /** A machine that reads 1e6 bytes a second; the head is a quarter of the time of a float one. */
  private static final DecodingTime TIME =
      new DecodingTime() {
        @Override
        public double ofLinear(Projection projection, Optional<WeightScheme> scheme) {
          double weights =
              (double) architecture.outputFeatures(projection)
                  * architecture.inputFeatures(projection);
          return weights * scheme.map(WeightScheme::bits).orElse(16) / 8 / 1e6;
        }

        @Override
        public double ofHead(Optional<WeightScheme> scheme) {
          return scheme.isEmpty() ? 4e-1 : 1e-1;
        }

        @Override
        public double ofTheRest() {
          return 0.05;
        }
      };

  private static ServingProblem problem(
      String budget, String tables, List<List<Projection>> fused) {
    Map<String, String> options = new HashMap<>();
    options.putAll(
        Map.of("method", "rtn", "bits", "adaptive", "budget", budget, "bit_choices", "2,4,8"));
    options.put("exclude", OTHERS);
    options.put("target", "somewhere");
    if (!tables.isEmpty()) {
      options.put("table_choices", tables);
    }
    Recipe recipe = Recipe.parse(options);
    BitAllocation.Adaptive wanted = (BitAllocation.Adaptive) recipe.allocation();
    ServingRules rules =
        new ServingRules(
            "somewhere",
            _ -> true,
            (module, scheme) ->
                module.contains("down_proj") && scheme.bits() == 2
                    ? Optional.of("too few bits")
                    : Optional.empty(),
            fused,
            Optional.of(TIME));
    Costs costs =
        wanted.budget() instanceof BitBudget.Speed speed
            ? new TimeCosts(architecture, recipe, speed, TIME, "somewhere")
            : new ByteCosts(architecture, recipe, wanted.budget(), 2);
    return new ServingProblem(architecture, recipe, wanted, rules, costs);
  }

  private static double damage(String module, LayerChoice choice) {
    SplittableRandom random = new SplittableRandom(31L * module.hashCode() + choice.bits());
    return random.nextDouble() * Math.pow(4, -choice.bits());
  }

  /** Least damage of all combinations within the budget; infinite where there is none. */
  private static double bruteForce(ServingProblem problem, List<Double> stored) {
    List<double[]> sums = new ArrayList<>(List.of(new double[] {0, 0}));
    for (LayerSlot slot : problem.slots()) {
      List<double[]> next = new ArrayList<>();
      for (double[] sum : sums) {
        for (LayerChoice choice : slot.choices()) {
          double harm = slot.modules().stream().mapToDouble(module -> damage(module, choice)).sum();
          next.add(new double[] {sum[0] + problem.costs().of(slot, choice), sum[1] + harm});
        }
      }
      sums = next;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int table = 0; table < stored.size(); table++) {
      double cost = problem.costs().ofTables(problem.tables().get(table));
      for (double[] sum : sums) {
        if (sum[0] + cost <= problem.costs().allowed()) {
          best = Math.min(best, sum[1] + stored.get(table));
        }
      }
    }
    return best;
  }

  @Test
  void isTheBestOfAllUnderBudgetsOfBytesAndOfSpeed() {
    for (String budget :
        List.of("2.6", "4.0", "9.0MiB", "0.111tok/s", "0.113 tok/s", "0.116 tokens/s")) {
      for (List<List<Projection>> fused : List.of(List.<List<Projection>>of(), FUSED)) {
        ServingProblem problem = problem(budget, "", fused);
        assertThat(problem.slots()).hasSize(fused.isEmpty() ? 7 : 4);
        ChoiceSolution found =
            problem.solve(ServingProblemTest::damage, List.of(0.0)).orElseThrow();
        assertThat(found.damage())
            .as(budget)
            .isCloseTo(bruteForce(problem, List.of(0.0)), within(1e-12));
        assertThat(found.cost()).isLessThanOrEqualTo(problem.costs().allowed() * (1 + 1e-9));
      }
    }
  }

  @Test
  void aSpeedThatIsTooHighIsToldInTokensASecond() {
    ServingProblem problem = problem("1 tok/s", "", List.of());

    assertThat(problem.solve(ServingProblemTest::damage, List.of(0.0))).isEmpty();
    assertThat(problem.tooMuch())
        .startsWith("at most 0.1168 ")
        .endsWith("tokens/s are predicted, with the fastest choices, and 1.000 are asked for");
  }

  @Test
  void theHeadIsPartOfTheTime() {
    List<Double> stored = List.of(0.0, 1e-4);
    for (String budget : List.of("0.114 tok/s", "0.118 tok/s")) {
      ServingProblem problem = problem(budget, "float,8", FUSED);
      assertThat(problem.tables())
          .containsExactly(Optional.of(TableScheme.FLOAT), Optional.of(TableScheme.ROWS_OF_8_BITS));
      assertThat(problem.solve(ServingProblemTest::damage, stored).orElseThrow().damage())
          .as(budget)
          .isCloseTo(bruteForce(problem, stored), within(1e-12));
    }
  }

  @Test
  void aLayerThatRunsWithFloatPartsIsRefused() {
    Recipe recipe =
        Recipe.parse(
            Map.of("method", "rtn", "bits", "adaptive", "budget", "3.0", "exclude", "k_proj"));
    ServingRules rules =
        new ServingRules("somewhere", _ -> true, SchemeSupport.ALL, FUSED, Optional.empty());
    BitAllocation.Adaptive wanted = (BitAllocation.Adaptive) recipe.allocation();

    assertThat(
            new ServingProblem(
                    architecture,
                    recipe,
                    wanted,
                    rules,
                    new ByteCosts(architecture, recipe, wanted.budget(), 2))
                .objection())
        .contains("model.layers.0.self_attn.q_proj runs as one layer with parts that stay float");
  }
}
