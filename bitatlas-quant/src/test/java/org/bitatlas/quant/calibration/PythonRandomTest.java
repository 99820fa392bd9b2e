package org.bitatlas.quant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Values of CPython 3.11.7:
 *
 * <pre>
 * import random
 * for s in (0, 1, 42, -42, 2**40 + 7):
 *     random.seed(s); print([random.getrandbits(32) for _ in range(4)])
 * for s, a, b in ((0, 0, 2389835), (0, 0, 356316), (42, 0, 9)):
 *     random.seed(s); print([random.randint(a, b) for _ in range(8)])
 * random.seed(7); print([random.randint(0, 2**30) for _ in range(1500)][-3:])
 * random.seed(1); [random.randint(5, 5) for _ in range(8)]; print(random.getrandbits(32))
 * </pre>
 */
class PythonRandomTest {

  @Test
  void drawsTheWordsOfPython() {
    assertThat(words(0)).containsExactly(3626764237L, 1654615998L, 3255389356L, 3823568514L);
    assertThat(words(1)).containsExactly(577090037L, 2444712010L, 3639700191L, 3445702192L);
    assertThat(words(42)).containsExactly(2746317213L, 478163327L, 107420369L, 3184935163L);
    assertThat(words(-42)).isEqualTo(words(42));
    assertThat(words((1L << 40) + 7))
        .containsExactly(2635837658L, 3209733218L, 3500038837L, 4028389051L);
  }

  private static long[] words(long seed) {
    PythonRandom random = new PythonRandom(seed);
    return IntStream.range(0, 4).mapToLong(_ -> random.nextWord() & 0xffff_ffffL).toArray();
  }

  @Test
  void drawsTheIntegersOfPython() {
    assertThat(integers(0, 0, 2_389_835, 8))
        .containsExactly(1615835, 1764005, 169803, 1085975, 2144441, 2038128, 1698416, 1272185);
    assertThat(integers(0, 0, 356_316, 8))
        .containsExactly(201979, 220500, 21225, 135746, 268055, 254766, 212302, 159023);
    assertThat(integers(42, 0, 9, 8)).containsExactly(1, 0, 4, 3, 3, 2, 1, 8);
    assertThat(integers(7, 0, 1 << 30, 1500)).endsWith(741204438, 32181855, 24651103);
  }

  private static int[] integers(long seed, int low, int high, int count) {
    PythonRandom random = new PythonRandom(seed);
    return IntStream.range(0, count).map(_ -> random.randint(low, high)).toArray();
  }

  @Test
  void aRangeOfOneTakesBitsToo() {
    PythonRandom random = new PythonRandom(1);
    for (int i = 0; i < 8; i++) {
      assertThat(random.randint(5, 5)).isEqualTo(5);
    }
    assertThat(random.nextWord() & 0xffff_ffffL).isEqualTo(3387541014L);
    assertThatThrownBy(() -> random.randint(0, -1)).hasMessageContaining("randint(0, -1)");
  }
}
