package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

class MixedGroupLinearTest {

  @Test
  void packsGroupsOfEveryWidthSideBySide() {
    int[] bits = {3, 1, 8, 2, 5, 1, 7, 4, 6};
    for (int groupSize : new int[] {1, 3, 5, 8, 32}) {
      for (int columns : new int[] {9 * groupSize, 9 * groupSize - groupSize / 2}) {
        MixedGroupLinear linear = random(3, columns, groupSize, bits);
        byte[] codes = codes(3, columns, groupSize, bits);

        float[] row = new float[columns];
        for (int n = 0; n < 3; n++) {
          linear.dequantizeRow(n, row);
          for (int k = 0; k < columns; k++) {
            int group = k / groupSize;
            int code = codes[n * columns + k] & 0xFF;
            float scale = linear.scales()[n * 9 + group];
            float offset = linear.offsets()[n * 9 + group];
            assertThat(linear.code(n, k)).isEqualTo(code);
            assertThat(row[k])
                .isEqualTo(
                    bits[group] == 1
                        ? scale * (code == 1 ? 1f : -1f) + offset
                        : scale * (code - offset));
          }
        }
      }
    }
  }

  @Test
  void packsLeastSignificantBitFirst() {
    MixedGroupLinear linear =
        MixedGroupLinear.of(
            1, 5, 2, new int[] {3, 1, 4}, new byte[] {1, 6, 1, 0, 15}, new float[3], new float[3]);

    assertThat(linear.codes()).containsExactly(0b01110001, 0b1111);
  }

  @Test
  void countsWhatIsStored() {
    MixedGroupLinear linear = random(2, 10, 4, new int[] {3, 1, 2});

    assertThat(linear.nominalBits()).isEqualTo((4 * 3 + 4 + 2 * 2) / 10.0);
    assertThat(linear.storedBytes()).isEqualTo(2 * 3 + 2 * 3 * 8 + 3);
    assertThat(linear.storedBitsPerWeight()).isEqualTo(8 * 57 / 20.0);
  }

  @Test
  void comparesArrayContents() {
    MixedGroupLinear first = random(2, 10, 4, new int[] {3, 1, 2});
    MixedGroupLinear same = random(2, 10, 4, new int[] {3, 1, 2});
    MixedGroupLinear other = random(2, 10, 4, new int[] {3, 2, 1});

    assertThat(first).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(other);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertRefused(new int[] {3, 9}, new byte[4], new float[2], new float[2], "1 to 8 bits");
    assertRefused(new int[] {3}, new byte[4], new float[2], new float[2], "2 widths of groups");
    assertRefused(
        new int[] {2, 1},
        new byte[] {0, 0, 2, 0},
        new float[2],
        new float[2],
        "codes of 1 bits, found 2");
    assertRefused(
        new int[] {2, 1}, new byte[4], new float[2], new float[] {4, 0}, "zero points up to 3");
    assertRefused(
        new int[] {2, 1}, new byte[4], new float[2], new float[] {.5f, 0}, "whole zero points");
    assertRefused(
        new int[] {2, 1}, new byte[4], new float[2], new float[] {0, Float.NaN}, "finite means");
    assertRefused(new int[] {2, 1}, new byte[3], new float[2], new float[2], "4 codes, found 3");
    assertRefused(new int[] {2, 1}, new byte[4], new float[3], new float[2], "2 scales, found 3");
    assertThatThrownBy(() ->
            new MixedGroupLinear(
                1, 4, 2, new int[] {2, 1}, new byte[2], new float[2], new float[2]))
        .hasMessageContaining("1 code bytes, found 2");
  }

  private static void assertRefused(
      int[] bits, byte[] codes, float[] scales, float[] offsets, String message) {
    assertThatThrownBy(() -> MixedGroupLinear.of(1, 4, 2, bits, codes, scales, offsets))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }

  /** Seeded codes, scales and offsets. */
  static MixedGroupLinear random(int rows, int columns, int groupSize, int[] bits) {
    SplittableRandom random = new SplittableRandom(5);
    float[] scales = new float[rows * bits.length];
    float[] offsets = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      int width = bits[i % bits.length];
      scales[i] = (float) random.nextDouble();
      offsets[i] =
          width == 1 ? (float) random.nextDouble() - .5f : (float) random.nextInt(1 << width);
    }
    return MixedGroupLinear.of(
        rows, columns, groupSize, bits, codes(rows, columns, groupSize, bits), scales, offsets);
  }

  private static byte[] codes(int rows, int columns, int groupSize, int[] bits) {
    SplittableRandom random = new SplittableRandom(columns);
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits[i % columns / groupSize]);
    }
    return codes;
  }
}
