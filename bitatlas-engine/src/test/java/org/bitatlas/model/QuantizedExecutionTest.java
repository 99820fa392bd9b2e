package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

/** Weights that come from codes, and weights that are replaced. */
class QuantizedExecutionTest {

  @Test
  void linearsWithCodesAreDequantizedAndTheOthersAreNot() {
    Architecture architecture = TinyModel.architecture(0);
    Checkpoint floats = TinyModel.checkpoint(architecture, 7);
    GridLinear codes = codes(architecture, Projection.KEY);
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    quantized.linears().put(Projection.KEY.module(1), codes);
    try (TransformerModel plain = TransformerModel.load(architecture, floats, Precision.FP32);
        TransformerModel simulated =
            TransformerModel.load(architecture, floats, quantized, Precision.FP32)) {
      assertThat(simulated.execution()).startsWith("simulated: 1 quantized linear");
      assertThat(plain.execution()).isEqualTo("float: FP32");
      float[] row = new float[architecture.inputFeatures(Projection.KEY)];
      float[] weight = simulated.weight(1, Projection.KEY);
      for (int n = 0; n < architecture.outputFeatures(Projection.KEY); n++) {
        codes.dequantizeRow(n, row);
        assertThat(Arrays.copyOfRange(weight, n * row.length, (n + 1) * row.length)).isEqualTo(row);
      }
      for (int layer = 0; layer < 2; layer++) {
        for (Projection projection : Projection.values()) {
          if (layer == 0 || projection != Projection.KEY) {
            assertThat(simulated.weight(layer, projection))
                .isEqualTo(plain.weight(layer, projection));
          }
        }
      }
    }
  }

  @Test
  void aTiedHeadIsTheQuantizedEmbedding() {
    Architecture architecture = TinyModel.architecture(0);
    GridLinear table = codes(61, 32);
    QuantizedCheckpoint codes = TinyModel.emptyCheckpoint();
    codes.linears().put(QuantizedCheckpoint.EMBEDDING, table);
    QuantizedCheckpoint floats = TinyModel.emptyCheckpoint();
    FloatTensor dequantized = new FloatTensor(List.of(61L, 32L), table.dequantize());
    floats.floats().put(QuantizedCheckpoint.EMBEDDING + ".weight", dequantized);

    assertThat(logits(architecture, codes)).isEqualTo(logits(architecture, floats));
  }

  @Test
  void aQuantizedHeadOfATiedModelIsItsOwn() {
    Architecture architecture = TinyModel.architecture(0);
    GridLinear table = codes(61, 32);
    QuantizedCheckpoint codes = TinyModel.emptyCheckpoint();
    codes.linears().put(QuantizedCheckpoint.HEAD, table);
    QuantizedCheckpoint floats = TinyModel.emptyCheckpoint();
    FloatTensor dequantized = new FloatTensor(List.of(61L, 32L), table.dequantize());
    floats.floats().put(QuantizedCheckpoint.HEAD + ".weight", dequantized);

    assertThat(codes.hasHead()).isTrue();
    float[] logits = logits(architecture, codes);
    assertThat(logits).isEqualTo(logits(architecture, floats));
    floats.floats().put(QuantizedCheckpoint.EMBEDDING + ".weight", dequantized);
    assertThat(logits).isNotEqualTo(logits(architecture, floats));
  }

  @Test
  void floatTensorsReplaceTheBaseModels() {
    Architecture architecture = TinyModel.architecture(0);
    QuantizedCheckpoint replaced = TinyModel.emptyCheckpoint();
    replaced.floats().put("model.norm.weight", FloatTensor.vector(new float[32]));
    assertThat(logits(architecture, replaced)).containsOnly(0);
    replaced.floats().put("model.norm.weight", FloatTensor.vector(new float[31]));
    assertThatThrownBy(() -> logits(architecture, replaced))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("model.norm.weight in the quantized checkpoint has shape [31]");
  }

  @Test
  void saysWhatIsSimulated() {
    Architecture architecture = TinyModel.architecture(0);
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    String query = Projection.QUERY.module(0);
    KroneckerTransform transform =
        new KroneckerTransform(4, 8, Optional.of(TinyModel.identity(4)), Optional.empty());
    quantized
        .activations()
        .put(
            query,
            new LinearActivations(Optional.of(transform), Optional.empty(), Optional.empty()));
    quantized.linears().put(query, new FloatLinear(32, 32, new float[32 * 32]));
    assertThat(execution(architecture, quantized))
        .isEqualTo(
            "float: FP32, 1 linear layers kept in float,"
                + " 1 linear layers with an online transform of their input");
    quantized
        .activations()
        .put(
            query,
            new LinearActivations(
                Optional.of(transform),
                Optional.of(ActivationQuantizer.perToken(8, true)),
                Optional.of(ActivationQuantizer.perTensor(4, false, -1, 1))));
    quantized.linears().put(query, codes(32, 32));
    quantized
        .attention()
        .put(
            1,
            AttentionActivations.rounding(
                ActivationQuantizer.dynamic(4, false, Strategy.HEAD, .9f)));
    assertThat(execution(architecture, quantized))
        .isEqualTo(
            "simulated: 1 quantized linear layers dequantized once to FP32, inputs of 1 linear"
                + " layers rounded to 8 bits per token (symmetric, dynamic range), outputs of 1"
                + " linear layers rounded to 4 bits per tensor (asymmetric, static range), keys of"
                + " 1 blocks rounded to 4 bits per head (asymmetric, dynamic range), values of 1"
                + " blocks rounded to 4 bits per head (asymmetric, dynamic range), float"
                + " arithmetic, 1 linear layers with an online transform of their input");
  }

  private static String execution(Architecture architecture, QuantizedCheckpoint quantized) {
    try (TransformerModel model = load(architecture, quantized)) {
      return model.execution();
    }
  }

  private static float[] logits(Architecture architecture, QuantizedCheckpoint quantized) {
    try (TransformerModel model = load(architecture, quantized);
        TensorScope _ = TensorScope.open()) {
      return model.logits(new int[][] {{1, 5, 60, 7}}).toFloats();
    }
  }

  private static TransformerModel load(Architecture architecture, QuantizedCheckpoint quantized) {
    return TransformerModel.load(
        architecture, TinyModel.checkpoint(architecture, 7), quantized, Precision.FP32);
  }

  @Test
  void replacedWeightsBelongToOneModelOnly() {
    try (TransformerModel one = TinyModel.load(0);
        TransformerModel other = TinyModel.load(0)) {
      for (Projection projection : Projection.values()) {
        float[] before = one.weight(0, projection);
        float[] replaced = before.clone();
        for (int i = 0; i < replaced.length; i++) {
          replaced[i] = i;
        }
        one.setWeight(0, projection, replaced);
        assertThat(one.weight(0, projection)).isEqualTo(replaced);
        assertThat(other.weight(0, projection)).isEqualTo(before);
      }
    }
  }

  private static GridLinear codes(Architecture architecture, Projection projection) {
    return codes(architecture.outputFeatures(projection), architecture.inputFeatures(projection));
  }

  private static GridLinear codes(int rows, int columns) {
    byte[] values = new byte[rows * columns];
    float[] scales = new float[rows];
    byte[] zeroPoints = new byte[rows];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (i * 37);
    }
    for (int row = 0; row < rows; row++) {
      scales[row] = 0.001f * (row + 1);
      zeroPoints[row] = (byte) 128;
    }
    return new GridLinear(
        rows, columns, 8, columns, true, values, scales, zeroPoints, Optional.empty());
  }
}
