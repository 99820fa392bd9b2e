package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.kernel.NpuLinear;
import org.bitatlas.kernel.ascend.Dequantization;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.kernel.ascend.TokenQuantization;
import org.bitatlas.kernel.ascend.TokenScale;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.AllocatedBytes;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers on an NPU's operators, with the operators' published arithmetic standing in for them:
 * nothing here is an NPU. The device is a second CPU, so that what is not moved to it ends in an
 * exception; outputs are those of the emulation, bit for bit.
 */
class NpuOperatorsTest {

  private static final Architecture ARCHITECTURE = TinyModel.architecture(0);
  private static final Device ELSEWHERE = new Device(Device.Kind.CPU, 1);
  private static final ActivationQuantizer TOKEN = ActivationQuantizer.perToken(8, true);
  private static final int[][] PROMPTS = {{3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, {60, 7, 8}};

  /** npu_dynamic_quant and npu_quant_matmul in plain loops. */
  private static Tensor published(
      Tensor activations, Tensor weight, Tensor scales, Optional<Tensor> bias) {
    assertThat(List.of(activations.device(), weight.device(), scales.device()))
        .containsOnly(ELSEWHERE);
    assertThat(weight.elementType()).isEqualTo(ElementType.I8);
    assertThat(List.of(activations.elementType(), scales.elementType()))
        .containsOnly(ElementType.BF16);
    int rows = (int) activations.size(0);
    int columns = (int) weight.size(0);
    int features = (int) weight.size(1);
    float[] x = activations.to(Device.CPU).toFloats();
    float[] w = weight.to(Device.CPU).to(ElementType.F32).toFloats();
    float[] s = scales.to(Device.CPU).toFloats();
    float[] b = bias.map(own -> own.to(Device.CPU).toFloats()).orElse(new float[features]);
    float[] y = new float[rows * features];
    byte[] codes = new byte[columns];
    for (int m = 0; m < rows; m++) {
      float token =
          TokenQuantization.quantize(
              x, m * columns, columns, 127, 1, TokenScale.of(columns), codes, 0);
      for (int n = 0; n < features; n++) {
        int sum = 0;
        for (int k = 0; k < columns; k++) {
          sum += codes[k] * (int) w[k * features + n];
        }
        y[m * features + n] = Dequantization.perToken(sum, s[n], token, b[n], HalfFormat.BF16);
      }
    }
    return Tensor.from(y, rows, features).to(ElementType.BF16).to(ELSEWHERE);
  }

  private static QuantizedCheckpoint quantized(Projection... floats) {
    SplittableRandom random = new SplittableRandom(5);
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    for (int layer = 0; layer < ARCHITECTURE.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        if (!List.of(floats).contains(projection)) {
          put(quantized, projection.module(layer), projection, 8, Optional.of(TOKEN), random);
        }
      }
    }
    return quantized;
  }

  private static void put(
      QuantizedCheckpoint quantized,
      String module,
      Projection projection,
      int bits,
      Optional<ActivationQuantizer> input,
      SplittableRandom random) {
    int rows = ARCHITECTURE.outputFeatures(projection);
    int columns = ARCHITECTURE.inputFeatures(projection);
    byte[] codes = new byte[rows * GridLinear.rowBytes(columns, bits)];
    random.nextBytes(codes);
    float[] scales = new float[rows];
    for (int n = 0; n < rows; n++) {
      scales[n] = 0.001f + 0.01f * random.nextFloat();
    }
    byte[] middle = new byte[rows];
    Arrays.fill(middle, (byte) (1 << (bits - 1)));
    quantized
        .linears()
        .put(
            module,
            new GridLinear(
                rows, columns, bits, columns, true, codes, scales, middle, Optional.empty()));
    quantized
        .activations()
        .put(module, new LinearActivations(Optional.empty(), input, Optional.empty()));
  }

  private static WeightSource source(QuantizedCheckpoint quantized, Device device) {
    return new WeightSource(
        ARCHITECTURE,
        TinyModel.checkpoint(ARCHITECTURE, 7),
        Optional.of(quantized),
        ElementType.BF16,
        device);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 9})
  void everyGroupHasTheBitsOfTheEmulation(int length) {
    QuantizedCheckpoint quantized = quantized();
    RotaryTable rotary =
        new RotaryTable(ARCHITECTURE.rope(), 8, 4096, ElementType.BF16, Device.CPU);
    RotaryTable there = new RotaryTable(ARCHITECTURE.rope(), 8, 4096, ElementType.BF16, ELSEWHERE);
    try (PackedExecution emulation = new PackedExecution(Execution.ASCEND_910B, 1);
        DecoderBlock expected =
            new DecoderBlock(
                source(quantized, Device.CPU),
                1,
                rotary,
                Optional.of(emulation),
                Optional.empty());
        DecoderBlock block =
            new DecoderBlock(
                source(quantized, ELSEWHERE),
                1,
                there,
                Optional.empty(),
                Optional.of(NpuOperatorsTest::published));
        TensorScope _ = TensorScope.open()) {
      SplittableRandom random = new SplittableRandom(length);
      for (InputGroup group : InputGroup.values()) {
        int columns = ARCHITECTURE.inputFeatures(group.observed());
        float[] values = new float[2 * length * columns];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        Tensor input = Tensor.from(values, 2, length, columns).to(ElementType.BF16);
        Tensor output = block.operators().linear(group, input.to(ELSEWHERE));

        assertThat(output.device()).isEqualTo(ELSEWHERE);
        assertThat(output.toFloats())
            .as(group.name())
            .isEqualTo(expected.operators().linear(group, input).toFloats());
      }
    }
    rotary.close();
    there.close();
  }

  @Test
  void aModelRunsOnTheOperatorsAndSaysSo() {
    int[] calls = new int[1];
    NpuLinear.Operators counted =
        (x, w, s, b) -> {
          calls[0]++;
          return published(x, w, s, b);
        };
    try (TransformerModel model =
            TransformerModel.onNpu(source(quantized(Projection.DOWN), ELSEWHERE), counted);
        TensorScope _ = TensorScope.open()) {
      assertThat(model.execution())
          .isEqualTo(
              "integer: %d linear layers by npu_dynamic_quant and npu_quant_matmul, BF16 between them, on cpu:1 (not run on hardware)"
                  .formatted(6 * ARCHITECTURE.layers()));
      model.requirePromisedKernels();
      for (float logit : model.logits(PROMPTS).toFloats()) {
        assertThat(logit).isFinite();
      }
    }
    // Three groups of a block; the fourth stays float.
    assertThat(calls[0]).isEqualTo(3 * ARCHITECTURE.layers());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void productsGiveTheirMemoryBack() {
    NpuLinear.Operators zeros =
        (x, w, s, b) -> Tensor.zeros(ELSEWHERE, ElementType.BF16, x.size(0), w.size(1));
    RotaryTable rotary = new RotaryTable(ARCHITECTURE.rope(), 8, 64, ElementType.BF16, ELSEWHERE);
    try (DecoderBlock block =
        new DecoderBlock(
            source(quantized(), ELSEWHERE), 0, rotary, Optional.empty(), Optional.of(zeros))) {
      multiply(block, 1_000);
      long before = AllocatedBytes.now();
      multiply(block, 4_000);
      // An output of 100 rows that stays each time would be 16 kB, 60 MB in all.
      assertThat(AllocatedBytes.now() - before).isLessThan(8L << 20);
    }
    rotary.close();
  }

  private static void multiply(DecoderBlock block, int times) {
    int columns = ARCHITECTURE.inputFeatures(Projection.GATE);
    for (int i = 0; i < times; i++) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor input = Tensor.zeros(ELSEWHERE, ElementType.BF16, 1, 100, columns);
        Tensor _ = block.operators().linear(InputGroup.MLP, input);
      }
    }
  }

  private static void refused(QuantizedCheckpoint quantized, String... reasons) {
    assertThatThrownBy(
            () -> TransformerModel.onNpu(source(quantized, ELSEWHERE), NpuOperatorsTest::published))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll(reasons);
  }

  @Test
  void whatHasNoOperatorIsRefusedByName() {
    SplittableRandom random = new SplittableRandom(6);
    QuantizedCheckpoint weightOnly = quantized();
    String down = Projection.DOWN.module(1);
    put(weightOnly, down, Projection.DOWN, 8, Optional.empty(), random);
    refused(weightOnly, down, "W8A16", "--numerics ascend-910b");

    refused(quantized(Projection.KEY), Projection.KEY.module(0), "runs it as one");

    QuantizedCheckpoint mixed = quantized();
    put(mixed, Projection.UP.module(0), Projection.UP, 7, Optional.of(TOKEN), random);
    refused(mixed, Projection.UP.module(0), "runs it as one");
  }

  @Test
  void activationsMustBeBf16() {
    Device npu = new Device(Device.Kind.NPU, 0);
    Execution.INTEGER.requireOn(npu);
    Execution.INTEGER.requireIn(Precision.BF16, npu);
    Execution.INTEGER.requireIn(Precision.FP32, Device.CPU);
    assertThatThrownBy(() -> Execution.INTEGER.requireIn(Precision.FP32, npu))
        .isInstanceOf(BitAtlasException.class)
        .hasMessage(
            "The integer products of an NPU have activations in bf16, not fp32; give bf16.");
  }
}
