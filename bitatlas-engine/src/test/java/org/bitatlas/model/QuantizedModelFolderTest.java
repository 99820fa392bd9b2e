package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model with every kind of quantized part computes the same from its folder. */
class QuantizedModelFolderTest {

  private static final int[][] IDS = {{1, 5, 9, 30, 2}};

  @TempDir private Path folder;

  static List<Path> models() throws IOException {
    return GoldenModels.folders();
  }

  @ParameterizedTest
  @MethodSource("models")
  void computesTheSameFromItsFolder(Path model) {
    Path target = folder.resolve("quantized");
    try (ModelFolder base = ModelFolder.open(model);
        TensorScope _ = TensorScope.open()) {
      Architecture architecture = base.architecture();
      QuantizedCheckpoint quantized = quantized(architecture);
      QuantizedCheckpointFolder.write(quantized, base.checkpoint(), model, target);
      float[] expected;
      String execution;
      try (TransformerModel memory =
          TransformerModel.load(
              architecture, base.checkpoint(), quantized, Precision.FP32, Execution.SIMULATED, 2)) {
        expected = memory.logits(IDS).toFloats();
        execution = memory.execution();
      }
      try (ModelFolder opened = ModelFolder.open(target);
          TransformerModel loaded = opened.load(Precision.FP32)) {
        assertThat(loaded.logits(IDS).toFloats()).isEqualTo(expected);
        assertThat(loaded.execution()).isEqualTo(execution).startsWith("simulated");
        boolean tied = architecture.tiedEmbeddings();
        assertThat(ModelSize.ofQuantized(quantized, opened.checkpoint(), tied))
            .isEqualTo(ModelSize.ofQuantized(quantized, base.checkpoint(), tied));
      }
    }
  }

  private static QuantizedCheckpoint quantized(Architecture architecture) {
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    SplittableRandom random = new SplittableRandom(11);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        int rows = architecture.outputFeatures(projection);
        int columns = architecture.inputFeatures(projection);
        StoredLinear linear =
            switch (projection) {
              case QUERY, KEY -> grid(rows, columns, 4, random);
              case VALUE, OUTPUT -> mixed(rows, columns, random);
              case GATE, UP -> binary(rows, columns, random);
              case DOWN -> new FloatLinear(rows, columns, floats(rows * columns, random));
            };
        quantized.linears().put(projection.module(layer), linear);
        float[] right = TinyModel.identity(2);
        right[1] = .5f;
        quantized
            .activations()
            .put(
                projection.module(layer),
                new LinearActivations(
                    Optional.of(
                        new KroneckerTransform(
                            columns / 2, 2, Optional.empty(), Optional.of(right))),
                    Optional.of(ActivationQuantizer.perToken(8, true)),
                    Optional.empty()));
      }
      quantized
          .attention()
          .put(
              layer,
              AttentionActivations.rounding(
                  ActivationQuantizer.dynamic(4, false, Strategy.HEAD, .95f)));
      quantized
          .floats()
          .put(
              "model.layers." + layer + ".input_layernorm.weight",
              FloatTensor.vector(floats(architecture.hiddenSize(), random)));
    }
    int vocabulary = architecture.vocabularySize();
    int width = architecture.hiddenSize();
    quantized.linears().put(QuantizedCheckpoint.EMBEDDING, grid(vocabulary, width, 8, random));
    quantized.linears().put(QuantizedCheckpoint.HEAD, grid(vocabulary, width, 6, random));
    return quantized;
  }

  private static GridLinear grid(int rows, int columns, int bits, SplittableRandom random) {
    byte[] zeroPoints = new byte[rows];
    Arrays.fill(zeroPoints, (byte) (1 << (bits - 1)));
    return GridLinear.of(
        rows,
        columns,
        bits,
        columns,
        true,
        codes(rows * columns, 1 << bits, random),
        floats(rows, random),
        zeroPoints,
        Optional.empty());
  }

  private static MixedGroupLinear mixed(int rows, int columns, SplittableRandom random) {
    int[] bits = new int[(columns + 7) / 8];
    for (int group = 0; group < bits.length; group++) {
      bits[group] = 1 + group % 3;
    }
    float[] offsets = new float[rows * bits.length];
    Arrays.fill(offsets, 1);
    return MixedGroupLinear.of(
        rows,
        columns,
        8,
        bits,
        codes(rows * columns, 2, random),
        floats(rows * bits.length, random),
        offsets);
  }

  private static BinaryLinear binary(int rows, int columns, SplittableRandom random) {
    int blocks = (columns + 15) / 16;
    return BinaryLinear.of(
        rows,
        columns,
        16,
        flags(columns, random),
        flags(rows * columns, random),
        flags(rows * columns, random),
        floats(rows * blocks * BinaryLinear.TERMS, random),
        floats(rows * blocks * BinaryLinear.TERMS, random));
  }

  private static byte[] codes(int count, int bound, SplittableRandom random) {
    byte[] codes = new byte[count];
    for (int i = 0; i < count; i++) {
      codes[i] = (byte) random.nextInt(bound);
    }
    return codes;
  }

  private static boolean[] flags(int count, SplittableRandom random) {
    boolean[] flags = new boolean[count];
    for (int i = 0; i < count; i++) {
      flags[i] = random.nextBoolean();
    }
    return flags;
  }

  private static float[] floats(int count, SplittableRandom random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (.05 * random.nextGaussian());
    }
    return values;
  }
}
