package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.junit.jupiter.api.Test;

/** Weights that come from codes, and weights that are replaced. */
class QuantizedExecutionTest {

  @Test
  void linearsWithCodesAreDequantizedAndTheOthersAreNot() {
    Architecture architecture = TinyModel.architecture(0);
    Checkpoint floats = TinyModel.checkpoint(architecture, 7);
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    StoredLinear codes = codes(architecture, Projection.KEY);
    linears.put(Projection.KEY.module(1), codes);
    QuantizedCheckpoint quantized =
        new QuantizedCheckpoint(
            linears,
            new Provenance(
                "tiny", "0", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
    try (TransformerModel plain = TransformerModel.load(architecture, floats, Precision.FP32);
        TransformerModel simulated =
            TransformerModel.load(architecture, floats, quantized, Precision.FP32)) {
      assertThat(simulated.execution()).startsWith("simulated: 1 quantized linear");
      assertThat(plain.execution()).isEqualTo("float: FP32");
      float[] row = new float[architecture.inputFeatures(Projection.KEY)];
      float[] weight = simulated.weight(1, Projection.KEY);
      for (int n = 0; n < architecture.outputFeatures(Projection.KEY); n++) {
        codes.dequantizeRow(n, row);
        assertThat(java.util.Arrays.copyOfRange(weight, n * row.length, (n + 1) * row.length))
            .isEqualTo(row);
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

  private static StoredLinear codes(Architecture architecture, Projection projection) {
    int rows = architecture.outputFeatures(projection);
    int columns = architecture.inputFeatures(projection);
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
