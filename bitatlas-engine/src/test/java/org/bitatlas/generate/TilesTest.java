package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TilesTest {

  @Test
  void everySequenceIsInOneTileWithinTheLimits() {
    SplittableRandom random = new SplittableRandom(11);
    for (int run = 0; run < 200; run++) {
      int[] lengths = random.ints(random.nextInt(150), 0, 400).toArray();
      int maxRows = 1 + random.nextInt(40);
      int maxTokens = 1 + random.nextInt(3000);
      for (List<int[]> tiles :
          List.of(Tiles.of(lengths, maxRows, maxTokens), Tiles.dealt(lengths, maxRows))) {
        assertThat(tiles.stream().flatMapToInt(Arrays::stream).sorted().toArray())
            .isEqualTo(IntStream.range(0, lengths.length).toArray());
      }
      for (int[] tile : Tiles.of(lengths, maxRows, maxTokens)) {
        int longest = Arrays.stream(tile).map(index -> lengths[index]).max().orElseThrow();
        assertThat(tile.length).isLessThanOrEqualTo(maxRows);
        assertThat(tile.length == 1 || tile.length * longest <= maxTokens).isTrue();
      }
    }
  }

  @Test
  void dealtTilesHaveLongAndShortSequencesAlike() {
    int[] lengths = IntStream.rangeClosed(1, 200).toArray();
    List<int[]> tiles = Tiles.dealt(lengths, 3);
    assertThat(tiles).hasSize(3).allSatisfy(tile -> assertThat(tile.length).isBetween(66, 67));
    for (int[] tile : tiles) {
      int[] own = Arrays.stream(tile).map(index -> lengths[index]).toArray();
      assertThat(own[0]).isGreaterThan(197);
      assertThat(own[own.length - 1]).isLessThan(4);
      for (int i = 1; i < own.length; i++) {
        assertThat(own[i]).isEqualTo(own[i - 1] - 3);
      }
    }
  }
}
