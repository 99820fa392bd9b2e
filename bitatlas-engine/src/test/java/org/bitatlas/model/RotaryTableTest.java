package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class RotaryTableTest {

  @Test
  void linearScalingDividesEveryFrequency() {
    float[] plain = RotaryTable.inverseFrequencies(new RotaryEmbedding.Plain(10_000), 8);
    float[] scaled = RotaryTable.inverseFrequencies(new RotaryEmbedding.Linear(10_000, 4), 8);
    assertThat(plain).containsExactly(new float[] {1, 0.1f, 0.01f, 0.001f}, within(1e-8f));
    for (int i = 0; i < plain.length; i++) {
      assertThat(scaled[i]).isEqualTo(plain[i] / 4);
    }
  }

  @Test
  void llama3ScalingKeepsShortWavelengthsAndDividesLongOnes() {
    RotaryEmbedding rope = new RotaryEmbedding.Llama3(500_000, 8, 1, 4, 8192);
    float[] plain = RotaryTable.inverseFrequencies(new RotaryEmbedding.Plain(500_000), 128);
    float[] scaled = RotaryTable.inverseFrequencies(rope, 128);
    int between = 0;
    for (int i = 0; i < plain.length; i++) {
      double wavelength = 2 * Math.PI / plain[i];
      if (wavelength < 8192 / 4.0) {
        assertThat(scaled[i]).isEqualTo(plain[i]);
      } else if (wavelength > 8192) {
        assertThat(scaled[i]).isEqualTo(plain[i] / 8);
      } else {
        assertThat(scaled[i]).isBetween(plain[i] / 8, plain[i]);
        between++;
      }
    }
    assertThat(between).isPositive();
  }

  @Test
  void growingKeepsTheFirstPositions() {
    try (RotaryTable table =
            new RotaryTable(
                new RotaryEmbedding.Plain(10_000), 8, 4096, ElementType.F32, Device.CPU);
        TensorScope _ = TensorScope.open()) {
      float[] before = table.covering(10).first(10).cosine().toFloats();
      RotaryTable.Tables grown = table.covering(3000);
      assertThat(grown.positions()).isBetween(3000, 4096);
      assertThat(Arrays.copyOf(grown.cosine().toFloats(), before.length)).isEqualTo(before);
      assertThat(grown.cosine().select(0, 2999).toFloats()[1])
          .isCloseTo((float) Math.cos(2999 * 0.1), within(1e-3f));
    }
  }
}
