package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A model on a device that is not the host. The device is a second CPU to every operation: operands
 * on two devices are refused and Java cannot read its memory, so whatever is not moved ends in an
 * exception, and results must have the host's bits.
 */
class DeviceDispatchTest {

  private static final Device ELSEWHERE = new Device(Device.Kind.CPU, 1);
  private static final int[][] PROMPTS = {{3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, {60, 7, 8}, {2}};

  private static TransformerModel load(boolean quantized, int window, Precision p, Device device) {
    Architecture architecture = TinyModel.architecture(window);
    Checkpoint floats = TinyModel.checkpoint(architecture, 7);
    if (device.isHost()) {
      // On the tensors and products of libtorch that other devices have.
      return quantized
          ? TransformerModel.load(architecture, floats, quantized(architecture), p)
          : TransformerModel.load(architecture, floats, p);
    }
    return quantized
        ? TransformerModel.load(
            architecture, floats, quantized(architecture), p, Execution.SIMULATED, 1, device)
        : TransformerModel.load(architecture, floats, p, 1, device);
  }

  @ParameterizedTest
  @CsvSource({
    "false, 0, FP32",
    "false, 4, BF16",
    "true, 0, FP32",
    "true, 4, FP32",
    "true, 0, BF16"
  })
  void theSameLogitsAsOnTheHost(boolean quantized, int window, Precision precision) {
    try (TransformerModel host = load(quantized, window, precision, Device.CPU);
        TransformerModel other = load(quantized, window, precision, ELSEWHERE);
        TensorScope _ = TensorScope.open()) {
      assertThat(host.execution()).doesNotContain(" on ");
      assertThat(other.execution())
          .isEqualTo(host.execution() + ", on cpu:1 (not run on hardware)");
      assertThat(other.device()).isEqualTo(ELSEWHERE);
      Tensor logits = other.logits(PROMPTS);
      assertThat(logits.device()).isEqualTo(ELSEWHERE);
      assertThat(logits.toFloats()).isEqualTo(host.logits(PROMPTS).toFloats());
      assertThat(decoded(other)).isEqualTo(decoded(host));
      assertThat(other.weight(1, Projection.DOWN)).isEqualTo(host.weight(1, Projection.DOWN));
      float[] weight = host.weight(0, Projection.GATE);
      weight[3] += 1;
      host.setWeight(0, Projection.GATE, weight);
      other.setWeight(0, Projection.GATE, weight);
      assertThat(other.logits(PROMPTS).toFloats()).isEqualTo(host.logits(PROMPTS).toFloats());
    }
  }

  /** Prefill, steps beyond the first capacity of the cache, and rows that leave. */
  private static List<List<Float>> decoded(TransformerModel model) {
    List<List<Float>> all = new ArrayList<>();
    try (DecodingBatch batch = model.newBatch();
        TensorScope _ = TensorScope.open()) {
      all.add(floats(batch.prefill(PROMPTS)));
      for (int step = 0; step < 40; step++) {
        all.add(floats(batch.step(new int[] {step, 2, DecodingBatch.IDLE})));
      }
      batch.keepRows(new int[] {1, 0});
      for (int step = 0; step < 40; step++) {
        all.add(floats(batch.step(new int[] {step, 2})));
      }
    }
    return all;
  }

  private static List<Float> floats(Tensor values) {
    List<Float> all = new ArrayList<>();
    for (float value : values.toFloats()) {
      all.add(value);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSameTokensAndScoresAsOnTheHost(boolean quantized) {
    try (TransformerModel host = load(quantized, 0, Precision.FP32, Device.CPU);
        TransformerModel other = load(quantized, 0, Precision.FP32, ELSEWHERE)) {
      assertThat(generated(other)).isEqualTo(generated(host));
      List<ScoringRequest> scoring = List.of(new ScoringRequest(PROMPTS[0], 1));
      assertThat(new TransformerLanguageModel(other, 2).score(scoring))
          .usingRecursiveComparison()
          .isEqualTo(new TransformerLanguageModel(host, 2).score(scoring));
    }
  }

  private static List<Generation> generated(TransformerModel model) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (Sampling sampling : List.of(new Sampling.Greedy(), new Sampling.Random(.8, 5, .9, 4))) {
      for (int[] prompt : PROMPTS) {
        requests.add(new GenerationRequest(prompt, 12, sampling, Set.of()));
      }
    }
    return new TransformerLanguageModel(model, 2).generate(requests, _ -> {});
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda:0", "cuda:3"})
  void integersAreForTheHost(String name) {
    Architecture architecture = TinyModel.architecture(0);
    assertThatThrownBy(() ->
            TransformerModel.load(
                architecture,
                TinyModel.checkpoint(architecture, 7),
                quantized(architecture),
                Precision.FP32,
                Execution.INTEGER,
                1,
                Device.parse(name)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessage(
            "Integer execution runs on the CPU, or on an NPU, not on %s; ask for simulated execution, or for the CPU."
                .formatted(name));
  }

  /** Everything that happens around linears and heads. */
  private static QuantizedCheckpoint quantized(Architecture architecture) {
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    List<ActivationQuantizer> quantizers =
        List.of(
            ActivationQuantizer.perToken(8, true),
            ActivationQuantizer.perTensor(8, false, -3, 2.5f),
            ActivationQuantizer.dynamic(4, false, Strategy.TENSOR, .9f),
            ActivationQuantizer.perToken(4, false));
    SplittableRandom random = new SplittableRandom(3);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        int rows = architecture.outputFeatures(projection);
        int columns = architecture.inputFeatures(projection);
        String module = projection.module(layer);
        quantized.linears().put(module, grid(rows, columns, random));
        Optional<KroneckerTransform> transform =
            projection == Projection.DOWN
                ? Optional.of(
                    new KroneckerTransform(
                        6, 8, Optional.of(matrix(6, random)), Optional.of(matrix(8, random))))
                : Optional.empty();
        quantized
            .activations()
            .put(
                module,
                new LinearActivations(
                    transform,
                    Optional.of(quantizers.get((layer + projection.ordinal()) % 4)),
                    projection == Projection.VALUE
                        ? Optional.of(quantizers.get(0))
                        : Optional.empty()));
      }
    }
    quantized
        .attention()
        .put(
            0,
            new AttentionActivations(
                Optional.of(matrix(8, random)),
                Optional.of(matrix(8, random)),
                Optional.of(ActivationQuantizer.dynamic(4, false, Strategy.HEAD, .95f)),
                Optional.of(ActivationQuantizer.perToken(8, true))));
    quantized.linears().put(QuantizedCheckpoint.HEAD, grid(61, 32, random));
    return quantized;
  }

  private static float[] matrix(int size, SplittableRandom random) {
    float[] values = TinyModel.identity(size);
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) random.nextDouble(-.2, .2);
    }
    return values;
  }

  private static GridLinear grid(int rows, int columns, SplittableRandom random) {
    byte[] codes = new byte[rows * columns];
    float[] scales = new float[rows];
    byte[] zeros = new byte[rows];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(16);
    }
    for (int row = 0; row < rows; row++) {
      scales[row] = (float) random.nextDouble(.02, .06);
      zeros[row] = 8;
    }
    return GridLinear.of(rows, columns, 4, columns, false, codes, scales, zeros, Optional.empty());
  }
}
