package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

class BinaryLinearTest {

  /** Column 1 is salient; of the others column 2 is of group 2. */
  private static BinaryLinear small(float[] means, float[] scales) {
    return BinaryLinear.of(
        1,
        3,
        3,
        new boolean[] {false, true, false},
        new boolean[] {true, false, false},
        new boolean[] {false, true, true},
        means,
        scales);
  }

  @Test
  void readsEachTermOfItsGroup() {
    BinaryLinear linear = small(new float[] {.5f, 1, 2, .25f}, new float[] {1, 4, 3, .5f});

    assertThat(linear.dequantize()).containsExactly(1.5f, (-3 + 2f) + (.5f + .25f), -4 + 1f);
    assertThat(linear.salient(1)).isTrue();
    assertThat(linear.secondGroup(0, 1)).isFalse();
    assertThat(linear.secondGroup(0, 2)).isTrue();
  }

  @Test
  void packsLeastSignificantBitFirst() {
    BinaryLinear linear = small(new float[4], new float[4]);

    assertThat(linear.salientColumns()).containsExactly(0b010);
    assertThat(linear.signs()).containsExactly(0b001);
    assertThat(linear.selectors()).containsExactly(0b110);
  }

  @Test
  void repeatsTheArithmeticOfTheReferenceForEveryShape() {
    for (int columns : new int[] {1, 7, 8, 40, 65}) {
      for (int blockSize : new int[] {1, 5, 64}) {
        if (blockSize > columns) {
          continue;
        }
        BinaryLinear linear = random(5, columns, blockSize);
        SplittableRandom random = new SplittableRandom(columns);
        boolean[] salient = flags(columns, random);
        boolean[] positive = flags(5 * columns, random);
        boolean[] selector = flags(5 * columns, random);
        int blocks = (columns + blockSize - 1) / blockSize;
        float[] weight = linear.dequantize();
        for (int i = 0; i < weight.length; i++) {
          int k = i % columns;
          int term = 4 * (i / columns * blocks + k / blockSize);
          float sum = 0;
          int first = salient[k] ? 2 : selector[i] ? 1 : 0;
          sum +=
              (positive[i] ? 1f : -1f) * linear.scales()[term + first]
                  + linear.means()[term + first];
          if (salient[k]) {
            sum += (selector[i] ? 1f : -1f) * linear.scales()[term + 3] + linear.means()[term + 3];
          }
          assertThat(weight[i]).isEqualTo(sum);
        }
      }
    }
  }

  @Test
  void countsWhatIsStored() {
    BinaryLinear linear = random(4, 20, 10);
    long salient = Math.round(20 * linear.salientShare());

    assertThat(salient).isPositive();
    assertThat(linear.nominalBits()).isEqualTo((20 - salient + 2 * salient) / 20.0);
    assertThat(linear.storedBytes()).isEqualTo(3 + 2 * 4 * 3 + 4 * 2 * 4 * 8);
    assertThat(linear.storedBitsPerWeight()).isEqualTo(8.0 * linear.storedBytes() / 80);
  }

  @Test
  void comparesArrayContents() {
    assertThat(random(4, 20, 10))
        .isEqualTo(random(4, 20, 10))
        .hasSameHashCodeAs(random(4, 20, 10))
        .isNotEqualTo(random(4, 20, 5));
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> small(new float[3], new float[4]))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("4 means, found 3");
    assertThatThrownBy(() -> small(new float[4], new float[8]))
        .hasMessageContaining("4 scales, found 8");
    assertThatThrownBy(() -> small(new float[] {0, 0, 0, Float.NaN}, new float[4]))
        .hasMessageContaining("finite means");
    assertThatThrownBy(() ->
            new BinaryLinear(
                1, 9, 9, new byte[1], new byte[2], new byte[2], new float[4], new float[4]))
        .hasMessageContaining("2 flag bytes, found 1");
    assertThatThrownBy(() ->
            new BinaryLinear(
                1, 9, 10, new byte[2], new byte[2], new byte[2], new float[4], new float[4]))
        .hasMessageContaining("block size of 1 to 9");
  }

  /** Seeded flags, means and scales. */
  static BinaryLinear random(int rows, int columns, int blockSize) {
    SplittableRandom random = new SplittableRandom(columns);
    boolean[] salient = flags(columns, random);
    boolean[] positive = flags(rows * columns, random);
    boolean[] selector = flags(rows * columns, random);
    float[] means = new float[4 * rows * ((columns + blockSize - 1) / blockSize)];
    float[] scales = new float[means.length];
    for (int i = 0; i < means.length; i++) {
      means[i] = (float) random.nextDouble() - .5f;
      scales[i] = (float) random.nextDouble();
    }
    return BinaryLinear.of(rows, columns, blockSize, salient, positive, selector, means, scales);
  }

  private static boolean[] flags(int count, SplittableRandom random) {
    boolean[] flags = new boolean[count];
    for (int i = 0; i < count; i++) {
      flags[i] = random.nextInt(3) == 0;
    }
    return flags;
  }
}
