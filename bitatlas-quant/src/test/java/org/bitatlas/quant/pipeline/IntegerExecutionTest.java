package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.DecodingBatch;
import org.bitatlas.model.Execution;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Integer execution against simulated execution of the same checkpoint of the embedded model, in
 * fp32. Both round the same activations; where the last bit of an fp32 sum moves one of them over
 * an edge of its grid, that activation differs by a whole step, so logits agree in the mean and not
 * each to the last bits.
 */
class IntegerExecutionTest {

  private static final int LENGTH = 64;

  private static NanoCalibration nano;
  private static Checkpoint floats;
  private static Architecture architecture;
  private static CalibrationSet calibration;

  @BeforeAll
  static void open(@TempDir Path cache) {
    nano = NanoCalibration.openSmall(cache, 16);
    floats = nano.checkpoint();
    architecture = nano.architecture();
    calibration = nano.calibration();
  }

  @AfterAll
  static void close() {
    nano.close();
  }

  /**
   * A scheme and how near the two executions come.
   *
   * @param logits bound of the root mean square difference of logits, relative to that of logits
   * @param kernels what every quantized linear of many rows runs on
   */
  record Case(String name, Map<String, Object> recipe, double logits, String kernels) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> cases() {
    return List.of(
        new Case(
            "W8A8 static",
            recipe(
                "method", "smoothquant", "bits", 8, "a_bits", 8, "a_granularity", "static-tensor"),
            0.02,
            "s8 x s8 -> s32"),
        new Case(
            "W8A8 dynamic",
            recipe("method", "rtn", "bits", 8, "sym", true, "a_bits", 8),
            0.02,
            "s8 x s8 -> s32"),
        new Case("W8A16", recipe("method", "rtn", "bits", 8), 1e-5, "f32 x s8"),
        new Case(
            "W4A16 group", recipe("method", "gptq", "bits", 4, "group_size", 32), 1e-5, "f32 x s4"),
        new Case(
            "W4A8 channel",
            recipe("method", "rtn", "bits", 4, "sym", true, "a_bits", 8),
            0.02,
            "s8 x s8 -> s32"),
        new Case(
            "W4A8 group",
            recipe("method", "gptq", "bits", 4, "group_size", 32, "a_bits", 8),
            0.02,
            "s8 x s8 -> s32"),
        new Case(
            "W4A8 group with second scales",
            recipe(
                "method",
                "gptq",
                "bits",
                4,
                "group_size",
                32,
                "sym",
                true,
                "a_bits",
                8,
                "second_scale",
                true),
            0.02,
            "s8 x s8 -> s32"),
        new Case(
            "W4A4 dynamic",
            recipe("method", "rtn", "bits", 4, "sym", true, "a_bits", 4),
            0.2,
            "s8 x s8 -> s32"),
        new Case(
            "W4A4 FlatQuant",
            recipe("method", "flatquant", "bits", 4, "a_bits", 4, "epochs", 1),
            0.2,
            "s8 x s8 -> s32"),
        new Case("W2A16", recipe("method", "gptq", "bits", 2, "group_size", 64), 1e-5, "f32 x s2"),
        new Case("BiLLM", recipe("method", "billm"), 1e-5, "f32 x binary"),
        new Case(
            "SliM-LLM",
            recipe("method", "slim-llm", "bits", 2, "group_size", 32),
            1e-5,
            "f32 x s"));
  }

  private static Map<String, Object> recipe(Object... options) {
    Map<String, Object> recipe = new LinkedHashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      recipe.put((String) options[i], options[i + 1]);
    }
    return recipe;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesWhatIsSimulated(Case each) {
    QuantizedCheckpoint quantized =
        QuantizationPipeline.quantize(
                nano.source(),
                Recipe.parse(each.recipe()),
                Optional.of(calibration),
                2,
                progress -> {})
            .checkpoint();
    int[][] ids = new int[6][];
    for (int row = 0; row < ids.length; row++) {
      ids[row] = Arrays.copyOf(calibration.sequences().get(row), LENGTH);
    }
    try (TransformerModel simulated = load(quantized, Execution.SIMULATED, 1);
        TransformerModel integer = load(quantized, Execution.INTEGER, 1);
        TransformerModel threaded = load(quantized, Execution.INTEGER, 2);
        TensorScope _ = TensorScope.open()) {
      float[] expected = simulated.logits(ids).toFloats();
      float[] logits = integer.logits(ids).toFloats();
      assertThat(threaded.logits(ids).toFloats()).isEqualTo(logits);
      double difference = difference(logits, expected);
      double decoded = difference(decoded(integer, ids[0]), prefilled(integer, ids[0]));
      double perplexity = perplexity(simulated, ids);
      double integerPerplexity = perplexity(integer, ids);
      double noise = difference(decoded(simulated, ids[0]), prefilled(simulated, ids[0]));
      System.out.printf(
          Locale.ROOT,
          "%-16s logits %.1e, perplexity %.3f simulated %.3f integer,"
              + " decoding against prefill %.1e simulated %.1e integer%n",
          each.name(),
          difference,
          perplexity,
          integerPerplexity,
          noise,
          decoded);
      assertThat(difference).isLessThan(each.logits());
      assertThat(decoded).isLessThan(each.logits());
      assertThat(integerPerplexity / perplexity)
          .isBetween(1 - each.logits() / 2, 1 + each.logits() / 2);
      assertThat(integer.kernelUses())
          .filteredOn(use -> !List.of("head", "attention").contains(use.operator()))
          .isNotEmpty()
          .allMatch(use ->
              use.rows() / use.calls() < 5 || use.choice().types().startsWith(each.kernels()));
      assertThat(integer.kernelUses())
          .filteredOn(use -> use.operator().equals("attention"))
          .extracting(use -> use.choice().kernel())
          .contains("pages of tokens");
    }
  }

  private static TransformerModel load(
      QuantizedCheckpoint quantized, Execution execution, int threads) {
    return TransformerModel.load(
        architecture, floats, quantized, Precision.FP32, execution, threads);
  }

  /** Root mean square difference relative to the root mean square. */
  private static double difference(float[] values, float[] expected) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < values.length; i++) {
      difference += Math.pow(values[i] - expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / size);
  }

  private static double perplexity(TransformerModel model, int[][] ids) {
    List<ScoringRequest> requests = new ArrayList<>();
    for (int[] sequence : ids) {
      requests.add(new ScoringRequest(sequence, 1));
    }
    double sum = 0;
    int count = 0;
    for (var scores : new TransformerLanguageModel(model, 2).score(requests)) {
      for (double value : scores.logProbabilities()) {
        sum += value;
        count++;
      }
    }
    return Math.exp(-sum / count);
  }

  /** Logits of the last positions, token by token with a cache. */
  private static float[] decoded(TransformerModel model, int[] ids) {
    try (DecodingBatch batch = model.newBatch()) {
      int start = LENGTH / 2;
      List<Tensor> steps = new ArrayList<>();
      steps.add(batch.prefill(new int[][] {Arrays.copyOf(ids, start)}));
      for (int t = start; t < LENGTH; t++) {
        steps.add(batch.step(new int[] {ids[t]}));
      }
      return Tensor.cat(steps, 0).toFloats();
    }
  }

  private static float[] prefilled(TransformerModel model, int[] ids) {
    return model
        .logits(new int[][] {ids})
        .view(LENGTH, architecture.vocabularySize())
        .narrow(0, LENGTH / 2 - 1, LENGTH / 2 + 1)
        .toFloats();
  }
}
