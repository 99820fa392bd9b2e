package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each group of linears on packed codes against the same group simulated, given the same input:
 * without layers before it that could move an activation over an edge of its grid, outputs differ
 * by fp32 rounding only.
 */
class PackedOperatorsTest {

  private static final Architecture ARCHITECTURE = TinyModel.architecture(0);
  private static final ActivationQuantizer TOKEN = ActivationQuantizer.perToken(8, true);

  /** What a test's checkpoint holds. */
  enum Scheme {
    W8A8_DYNAMIC(Optional.of(TOKEN), 8, 0),
    W8A8_STATIC(Optional.of(ActivationQuantizer.perTensor(8, true, -3, 2.5f)), 8, 0),
    W8A8_ASYMMETRIC(Optional.of(ActivationQuantizer.perToken(8, false)), 8, 0),
    W8A8_TENSOR(Optional.of(ActivationQuantizer.dynamic(8, false, Strategy.TENSOR, 0.95f)), 8, 0),
    W4A8(Optional.of(TOKEN), 4, 0),
    W4A8_GROUP(Optional.of(TOKEN), 4, 16),
    W4A4(Optional.of(ActivationQuantizer.perToken(4, false)), 4, 0),
    W8A16(Optional.empty(), 8, 0),
    W4A16_GROUP(Optional.empty(), 4, 16),
    W3A16(Optional.empty(), 3, 16),
    W2A16(Optional.empty(), 2, 16),
    BINARY(Optional.empty(), 0, 0),
    MIXED_GROUPS(Optional.empty(), 0, 8),
    MIXED_GROUPS_A8(Optional.of(TOKEN), 0, 8);

    final Optional<ActivationQuantizer> input;
    final int bits;
    final int groupSize;

    Scheme(Optional<ActivationQuantizer> input, int bits, int groupSize) {
      this.input = input;
      this.bits = bits;
      this.groupSize = groupSize;
    }

    StoredLinear linear(int rows, int columns, SplittableRandom random) {
      return switch (this) {
        case BINARY -> binary(rows, columns, random);
        case MIXED_GROUPS, MIXED_GROUPS_A8 -> mixed(rows, columns, random);
        default -> grid(rows, columns, bits, groupSize == 0 ? columns : groupSize, random);
      };
    }
  }

  @ParameterizedTest
  @EnumSource(Scheme.class)
  void everyGroupComputesWhatIsSimulated(Scheme scheme) {
    SplittableRandom random = new SplittableRandom(3);
    for (boolean transformed : new boolean[] {false, true}) {
      QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
      for (Projection projection : Projection.values()) {
        int columns = ARCHITECTURE.inputFeatures(projection);
        put(
            quantized,
            projection,
            scheme.linear(ARCHITECTURE.outputFeatures(projection), columns, random),
            transformed ? Optional.of(transform(columns)) : Optional.empty(),
            scheme.input);
      }
      compare(quantized);
    }
  }

  @Test
  void projectionsOfAGroupMayDiffer() {
    SplittableRandom random = new SplittableRandom(4);
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    int width = ARCHITECTURE.hiddenSize();
    Optional<KroneckerTransform> none = Optional.empty();
    put(quantized, Projection.QUERY, grid(32, width, 8, width, random), none, Optional.of(TOKEN));
    put(quantized, Projection.KEY, grid(16, width, 4, 8, random), none, Optional.of(TOKEN));
    // The value projection stays float, as the base model has it.
    put(quantized, Projection.GATE, binary(48, width, random), none, Optional.empty());
    put(
        quantized,
        Projection.UP,
        new FloatLinear(48, width, floats(48 * width, random)),
        Optional.of(transform(width)),
        Optional.of(TOKEN));
    compare(quantized);
  }

  private static void compare(QuantizedCheckpoint quantized) {
    SplittableRandom random = new SplittableRandom(8);
    WeightSource source =
        new WeightSource(
            ARCHITECTURE,
            TinyModel.checkpoint(ARCHITECTURE, 7),
            Optional.of(quantized),
            Precision.FP32.elementType(),
            Device.CPU);
    RotaryTable rotary =
        new RotaryTable(ARCHITECTURE.rope(), 8, 4096, Precision.FP32.elementType(), Device.CPU);
    try (PackedExecution execution = new PackedExecution(Execution.INTEGER, 2);
        DecoderBlock simulated = new DecoderBlock(source, 0, rotary);
        DecoderBlock packed =
            new DecoderBlock(source, 0, rotary, Optional.of(execution), Optional.empty());
        TensorScope _ = TensorScope.open()) {
      for (InputGroup group : InputGroup.values()) {
        int columns = ARCHITECTURE.inputFeatures(group.observed());
        for (int length : new int[] {1, 3, 9}) {
          Tensor input = Tensor.from(floats(2 * length * columns, random), 2, length, columns);
          float[] expected = simulated.operators().linear(group, input).toFloats();
          Tensor output = packed.operators().linear(group, input);
          assertThat(output.shape()).startsWith(2, length);
          assertThat(largestDifference(output.toFloats(), expected)).isLessThan(3e-6);
        }
      }
      assertThat(execution.trace().uses())
          .extracting(KernelTrace.Use::calls)
          .allMatch(calls -> calls > 0);
    }
    rotary.close();
  }

  @Test
  void tablesStayPacked() {
    SplittableRandom random = new SplittableRandom(5);
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    quantized.linears().put(QuantizedCheckpoint.EMBEDDING, grid(61, 32, 8, 32, random));
    assertTablesAgree(quantized);
    quantized.linears().put(QuantizedCheckpoint.HEAD, grid(61, 32, 4, 16, random));
    assertTablesAgree(quantized);
    quantized.linears().remove(QuantizedCheckpoint.EMBEDDING);
    assertTablesAgree(quantized);
  }

  private static void assertTablesAgree(QuantizedCheckpoint quantized) {
    int[][] ids = {{1, 5, 60, 7, 7, 3}};
    try (TransformerModel simulated = load(quantized, Execution.SIMULATED);
        TransformerModel packed = load(quantized, Execution.INTEGER);
        TensorScope _ = TensorScope.open()) {
      float[] expected = simulated.logits(ids).toFloats();
      assertThat(largestDifference(packed.logits(ids).toFloats(), expected)).isLessThan(1e-5);
      try (DecodingBatch batch = packed.newBatch()) {
        float[] last = batch.prefill(ids).toFloats();
        float[] expectedLast = Arrays.copyOfRange(expected, 5 * 61, 6 * 61);
        assertThat(largestDifference(last, expectedLast)).isLessThan(1e-5);
      }
      assertThat(packed.kernelUses())
          .anyMatch(use -> use.operator().equals("head") && use.choice().types().contains(" s"));
    }
  }

  @Test
  void requiredKernelsAreThereOrRefused() {
    SplittableRandom random = new SplittableRandom(6);
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    Optional<KroneckerTransform> none = Optional.empty();
    put(quantized, Projection.DOWN, grid(32, 48, 8, 48, random), none, Optional.of(TOKEN));
    try (TransformerModel simulated = load(quantized, Execution.SIMULATED);
        TransformerModel packed = load(quantized, Execution.INTEGER)) {
      packed.requirePromisedKernels();
      assertThat(packed.execution())
          .isEqualTo("integer: 1 linear layers in integers, FP32 between them");
      assertThatThrownBy(simulated::requirePromisedKernels)
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("simulated in float");
    }
    put(quantized, Projection.GATE, binary(48, 32, random), none, Optional.of(TOKEN));
    try (TransformerModel below = load(quantized, Execution.INTEGER)) {
      assertThatThrownBy(below::requirePromisedKernels)
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("gate_proj would run as")
          .hasMessageContaining("activations rounded in float");
    }
  }

  private static TransformerModel load(QuantizedCheckpoint quantized, Execution execution) {
    return TransformerModel.load(
        ARCHITECTURE,
        TinyModel.checkpoint(ARCHITECTURE, 7),
        quantized,
        Precision.FP32,
        execution,
        2);
  }

  /** Relative to the largest expected value. */
  private static double largestDifference(float[] values, float[] expected) {
    assertThat(values).hasSameSizeAs(expected);
    double largest = 0;
    double size = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected[i]));
      size = Math.max(size, Math.abs(expected[i]));
    }
    return largest / size;
  }

  private static void put(
      QuantizedCheckpoint quantized,
      Projection projection,
      StoredLinear linear,
      Optional<KroneckerTransform> transform,
      Optional<ActivationQuantizer> input) {
    quantized.linears().put(projection.module(0), linear);
    quantized
        .activations()
        .put(projection.module(0), new LinearActivations(transform, input, Optional.empty()));
  }

  private static KroneckerTransform transform(int columns) {
    float[] right = TinyModel.identity(4);
    right[1] = 0.5f;
    right[4] = -0.25f;
    float[] left = TinyModel.identity(columns / 4);
    left[2] = 0.75f;
    return new KroneckerTransform(columns / 4, 4, Optional.of(left), Optional.of(right));
  }

  private static GridLinear grid(
      int rows, int columns, int bits, int groupSize, SplittableRandom random) {
    int cells = rows * Math.ceilDiv(columns, groupSize);
    byte[] zeroPoints = new byte[cells];
    Arrays.fill(zeroPoints, (byte) (1 << (bits - 1)));
    float[] scales = new float[cells];
    for (int cell = 0; cell < cells; cell++) {
      scales[cell] = 0.01f + (float) random.nextDouble(0.01);
      zeroPoints[cell] += (byte) (bits < 8 ? random.nextInt(2) : 0);
    }
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    return GridLinear.of(
        rows, columns, bits, groupSize, true, codes, scales, zeroPoints, Optional.empty());
  }

  private static MixedGroupLinear mixed(int rows, int columns, SplittableRandom random) {
    int[] bits = new int[Math.ceilDiv(columns, 8)];
    for (int group = 0; group < bits.length; group++) {
      bits[group] = 1 + group % 4;
    }
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(2);
    }
    float[] offsets = new float[rows * bits.length];
    Arrays.fill(offsets, 1);
    return MixedGroupLinear.of(
        rows, columns, 8, bits, codes, floats(rows * bits.length, random), offsets);
  }

  private static BinaryLinear binary(int rows, int columns, SplittableRandom random) {
    int terms = rows * Math.ceilDiv(columns, 16) * BinaryLinear.TERMS;
    List<boolean[]> flags = new ArrayList<>();
    for (int count : new int[] {columns, rows * columns, rows * columns}) {
      boolean[] drawn = new boolean[count];
      for (int i = 0; i < count; i++) {
        drawn[i] = random.nextInt(3) == 0;
      }
      flags.add(drawn);
    }
    return BinaryLinear.of(
        rows,
        columns,
        16,
        flags.get(0),
        flags.get(1),
        flags.get(2),
        floats(terms, random),
        floats(terms, random));
  }

  private static float[] floats(int count, SplittableRandom random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
