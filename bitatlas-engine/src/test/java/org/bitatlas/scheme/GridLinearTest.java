package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GridLinearTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void packsAndUnpacksEveryWidth(int bits) {
    for (int columns : new int[] {1, 3, 7, 8, 9, 33}) {
      SplittableRandom random = new SplittableRandom(columns);
      byte[] codes = new byte[3 * columns];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(1 << bits);
      }
      GridLinear linear = linear(3, columns, bits, columns, codes, Optional.empty());

      assertThat(linear.codes()).hasSize(3 * ((columns * bits + 7) / 8));
      byte[] row = new byte[columns];
      for (int n = 0; n < 3; n++) {
        linear.unpackRow(n, row);
        for (int k = 0; k < columns; k++) {
          assertThat(row[k]).isEqualTo(codes[n * columns + k]);
          assertThat(linear.code(n, k)).isEqualTo(codes[n * columns + k] & 0xFF);
        }
      }
    }
  }

  @Test
  void packsLeastSignificantBitFirst() {
    GridLinear linear = linear(1, 3, 3, 3, new byte[] {1, 2, 7}, Optional.empty());

    assertThat(linear.codes()).containsExactly(0b11010001, 0b1);
  }

  @Test
  void dequantizesByGroup() {
    byte[] codes = {0, 1, 2, 3};
    GridLinear contiguous =
        GridLinear.of(
            1, 4, 2, 2, false, codes, new float[] {.5f, 2}, new byte[] {1, 2}, Optional.empty());
    GridLinear scattered =
        GridLinear.of(
            1,
            4,
            2,
            2,
            false,
            codes,
            new float[] {.5f, 2},
            new byte[] {1, 2},
            Optional.of(new int[] {1, 0, 1, 0}));

    assertThat(contiguous.dequantize()).containsExactly(-.5f, 0, 0, 2);
    assertThat(scattered.dequantize()).containsExactly(-4, 0, 0, 1);
  }

  @Test
  void comparesArrayContents() {
    GridLinear first = linear(1, 4, 2, 4, new byte[] {0, 1, 2, 3}, Optional.empty());
    GridLinear same = linear(1, 4, 2, 4, new byte[] {0, 1, 2, 3}, Optional.empty());
    GridLinear other = linear(1, 4, 2, 4, new byte[] {0, 1, 2, 2}, Optional.empty());

    assertThat(first).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(other);
  }

  @Test
  void countsWhatIsStored() {
    GridLinear linear = linear(2, 5, 3, 5, new byte[10], Optional.of(new int[] {0, 0, 0, 0, 0}));

    assertThat(linear.storedBytes()).isEqualTo(2 * 2 + 2 * 4 + 2 + 5 * 4);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> linear(1, 2, 2, 2, new byte[] {0, 4}, Optional.empty()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("codes up to 3, found 4");
    assertThatThrownBy(() -> linear(1, 2, 9, 2, new byte[2], Optional.empty()))
        .hasMessageContaining("1 to 8 bits");
    assertThatThrownBy(() -> linear(1, 2, 2, 3, new byte[2], Optional.empty()))
        .hasMessageContaining("group size");
    assertThatThrownBy(() -> linear(1, 2, 2, 2, new byte[2], Optional.of(new int[] {0, 1})))
        .hasMessageContaining("group indexes below 1, found 1");
    assertThatThrownBy(() ->
            new GridLinear(
                1, 2, 2, 2, true, new byte[2], new float[1], new byte[1], Optional.empty()))
        .hasMessageContaining("1 code bytes, found 2");
    assertThatThrownBy(() ->
            new GridLinear(
                1,
                2,
                2,
                2,
                true,
                new byte[1],
                new float[] {Float.NaN},
                new byte[1],
                Optional.empty()))
        .hasMessageContaining("finite scales");
  }

  private static GridLinear linear(
      int rows, int columns, int bits, int groupSize, byte[] codes, Optional<int[]> groupIndex) {
    int cells = rows * ((columns + groupSize - 1) / groupSize);
    return GridLinear.of(
        rows,
        columns,
        bits,
        groupSize,
        false,
        codes,
        new float[cells],
        new byte[cells],
        groupIndex);
  }

  @Test
  void scalesOfTwoLevelsAreMultiplesOfTheirChannels() {
    float[] channels = {0.1f, 0.3f};
    float[] scales = {0.1f * 3, 0.1f * 127, 0.3f, 0.3f * 15};
    GridLinear plain =
        new GridLinear(
            2, 4, 4, 2, true, new byte[4], scales, new byte[] {8, 8, 8, 8}, Optional.empty());
    GridLinear linear = plain.withChannelScales(channels);
    assertThat(linear.secondScales()).containsExactly(3, 127, 1, 15);
    assertThat(linear.dequantize()).isEqualTo(plain.dequantize());
    assertThat(linear).isNotEqualTo(plain).isEqualTo(plain.withChannelScales(channels.clone()));
    assertThat(linear.storedBytes()).isEqualTo(plain.storedBytes() - 4 * 4 + 2 * 4 + 4);
    assertThat(linear.scheme()).isEqualTo("4 bits, groups of 2 with second scales, symmetric");
    for (float[] wrong : new float[][] {{0.1f}, {0.1f, 0}, {0.1f, 0.29f}, {0.05f, 0.3f}}) {
      assertThatThrownBy(() -> plain.withChannelScales(wrong))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("channel");
    }
  }
}
