package org.bitatlas.quant.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.model.RotaryEmbedding;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

/** Operations counted by hand on a tiny model, and what must hold on published ones. */
class CostModelTest {

  /** D 8, F 16, two heads of 4, one key head: q 64, k 32, v 32, o 64, gate, up, down 128. */
  private static final Architecture TINY =
      new Architecture(
          "LlamaForCausalLM",
          100,
          8,
          16,
          3,
          2,
          1,
          4,
          1e-5,
          new RotaryEmbedding.Plain(1e4),
          false,
          false,
          false,
          true,
          64,
          0,
          List.of(),
          1,
          List.of(2));

  private static final Calibration SET = new Calibration(5, 10);

  /** Everything at one unit per second, so that seconds are amounts. */
  private static final KernelRates ONE =
      new KernelRates(
          2,
          0.5,
          Arrays.stream(Kernel.values()).collect(Collectors.toMap(Function.identity(), _ -> 1.0)));

  private static Recipe recipe(String method, String... options) {
    Map<String, String> all =
        Arrays.stream(options)
            .map(option -> option.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    all.put("method", method);
    all.putIfAbsent("bits", "4");
    return Recipe.parse(all);
  }

  private static double amount(Recipe recipe, Stage stage, Kernel kernel) {
    return CostModel.work(TINY, recipe, Optional.of(SET)).stream()
        .filter(work -> work.stage() == stage && work.kernel() == kernel)
        .mapToDouble(Work::amount)
        .sum();
  }

  @Test
  void gptqRunsEveryBlockTwiceButTheLast() {
    Recipe gptq = recipe("gptq");
    int weights = 64 + 32 + 32 + 64 + 3 * 128;
    assertThat(amount(gptq, Stage.FORWARD, Kernel.PRODUCT)).isEqualTo((3 + 2) * 2.0 * 50 * weights);
    // Position t of a sequence meets t + 1 keys, in scores and in values.
    assertThat(amount(gptq, Stage.FORWARD, Kernel.ATTENTION))
        .isEqualTo((3 + 2) * 5 * 4.0 * (1 + 10) * 10 / 2 * 8);
    // No group is wider than a panel: three of 8 and one of 16 columns.
    assertThat(amount(gptq, Stage.GRAM, Kernel.GRAM)).isEqualTo(3 * 2.0 * 50 * (3 * 64 + 16 * 16));
    assertThat(amount(gptq, Stage.FACTOR, Kernel.CHOLESKY))
        .isCloseTo(3 * 2.0 / 3 * (3 * 512 + 4096), within(1e-6));
    assertThat(amount(gptq, Stage.SWEEP, Kernel.SWEEP))
        .isEqualTo(3.0 * ((weights - 128) * 8 + 128 * 16));
    assertThat(amount(gptq, Stage.ERRORS, Kernel.PRODUCT))
        .isEqualTo(3 * 4.0 * ((weights - 128) * 8 + 128 * 16));
  }

  @Test
  void otherSequencesRunBlocksOtherwise() {
    double once = amount(recipe("gptq"), Stage.FORWARD, Kernel.PRODUCT) / 5;
    assertThat(amount(recipe("gptq", "true_sequential=true"), Stage.FORWARD, Kernel.PRODUCT))
        .isEqualTo((4 * 3 + 2) * once);
    assertThat(amount(recipe("gptaq"), Stage.FORWARD, Kernel.PRODUCT))
        .isEqualTo((8 * 3 + 2 * 2) * once);
    assertThat(amount(recipe("billm", "bits=1"), Stage.FORWARD, Kernel.PRODUCT))
        .isEqualTo(5 * once);
    assertThat(CostModel.work(TINY, recipe("rtn"), Optional.empty()))
        .extracting(Work::stage)
        .containsOnly(Stage.LOADING, Stage.SWEEP);
  }

  @Test
  void aGramMatrixOfManyPanelsIsHalfOfTheSquare() {
    BlockWork block = new BlockWork(NamedShapes.named("openpangu-1b"), new Calibration(1, 2048));
    double half = block.gram(InputGroup.MLP_OUTPUT).amount();
    // 24 panels: half of the square and half a panel's width.
    assertThat(half).isEqualTo(2.0 * 2048 * (6144.0 * 6144 / 2 + 6144 * 256 / 2));
  }

  @Test
  void searchesAreCounted() {
    assertThat(amount(recipe("awq", "group_size=8"), Stage.TRANSFORM, Kernel.PRODUCT))
        .isGreaterThan(3 * 20 * 2.0 * 50 * (64 + 32 + 32 + 64 + 3 * 128));
    assertThat(amount(recipe("slim-llm", "group_size=2"), Stage.ALLOCATION, Kernel.PRODUCT))
        .isEqualTo(3 * 2.0 * 50 * ((4 / 2 - 1) * 448 + (8 / 2 - 1) * 128));
    assertThat(amount(recipe("billm", "bits=1"), Stage.ALLOCATION, Kernel.POINTWISE)).isPositive();
    assertThat(amount(recipe("flatquant"), Stage.TRAINING, Kernel.PRODUCT))
        .isGreaterThan(3 * 45 * 2.0 * 50 * 576);
  }

  @Test
  void timeIsAmountsOverRates() {
    Plan plan = CostModel.predict(TINY, 2, recipe("gptq"), Optional.of(SET), ONE);
    double all = plan.work().stream().mapToDouble(Work::amount).sum();
    assertThat(plan.time().toNanos() * 1e-9).isCloseTo(all, within(1e-3));
    assertThat(plan.time(Stage.FACTOR).toNanos() * 1e-9)
        .isCloseTo(2 * (3 * 512 + 4096), within(1e-3));
    assertThat(plan.matrixProductShare()).isBetween(0.5, 1.0);
    // Old and new states of one stream.
    assertThat(plan.diskBytes()).isEqualTo(2 * 50 * 8 * 4);
    assertThatThrownBy(() -> new Calibration(0, 5))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("0 sequences of 5 tokens");
  }

  @Test
  void memoryDoesNotGrowWithTheNumberOfBlocks() {
    Architecture seven = NamedShapes.named("openpangu-7b");
    Recipe recipe = recipe("gptq");
    Optional<Calibration> set = Optional.of(new Calibration(128, 2048));
    Plan all = CostModel.predict(seven, 2, recipe, set, ONE);
    Plan two = CostModel.predict(layers(seven, 2), 2, recipe, set, ONE);
    assertThat(two.memoryBytes()).isEqualTo(all.memoryBytes());
    // The Gram matrix of 12,800 inputs alone takes 1.3 GB.
    assertThat(all.memoryBytes()).isBetween(4L << 30, 20L << 30);
    assertThat(all.memoryBytes())
        .isGreaterThan(
            CostModel.predict(NamedShapes.named("openpangu-1b"), 2, recipe, set, ONE)
                .memoryBytes());
    assertThat(all.outputBytes()).isGreaterThan(two.outputBytes());
  }

  private static Architecture layers(Architecture a, int layers) {
    return new Architecture(
        a.family(),
        a.vocabularySize(),
        a.hiddenSize(),
        a.intermediateSize(),
        layers,
        a.heads(),
        a.keyValueHeads(),
        a.headDimension(),
        a.rmsNormEpsilon(),
        a.rope(),
        a.queryKeyValueBias(),
        a.outputBias(),
        a.mlpBias(),
        a.tiedEmbeddings(),
        a.maxPositions(),
        a.slidingWindow(),
        a.slidingWindowLayers(),
        a.beginOfSequenceId(),
        a.endOfSequenceIds());
  }

  @Test
  void theTextSaysWhatIsPredictedAndFromWhat() {
    Plan plan = CostModel.predict(TINY, 2, recipe("gptq"), Optional.of(SET), ONE);
    assertThat(plan.lines()).allMatch(line -> line.length() <= 80);
    assertThat(String.join("\n", plan.lines()))
        .startsWith("GPTQ W4: 5 sequences of 10 tokens, 2 threads")
        .contains("Predicted time")
        .contains("measured rate")
        .contains("Gram matrices")
        .contains("1 FLOP/s")
        .contains("multiplies matrices")
        .contains("measuring got 50 % of its threads' time")
        .contains("Predicted peak of memory")
        .contains("Predicted disk");
  }

  @Test
  void aComparisonSaysHowFarThePredictionWasOff() {
    Plan plan = CostModel.predict(TINY, 2, recipe("gptq"), Optional.of(SET), ONE);
    List<String> lines =
        plan.compare(
            new Plan.Actual(
                plan.time().multipliedBy(2),
                Map.of(Stage.FACTOR, plan.time(Stage.FACTOR)),
                plan.memoryBytes() / 2,
                plan.diskBytes(),
                plan.outputBytes()));
    assertThat(lines).allMatch(line -> line.length() <= 80);
    assertThat(lines.getFirst()).contains("predicted").contains("measured");
    assertThat(lines.stream().filter(line -> line.contains("  time ")))
        .singleElement()
        .asString()
        .endsWith("50 % too little");
    assertThat(lines.stream().filter(line -> line.contains("peak memory")))
        .singleElement()
        .asString()
        .endsWith("100 % too much");
    assertThat(lines.stream().filter(line -> line.contains("factorization")))
        .singleElement()
        .asString()
        .endsWith("as predicted");
  }
}
