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
          List.of(
              Tiles.of(lengths, maxRows, maxTokens), Tiles.dealt(lengths, maxRows, maxTokens))) {
        assertThat(tiles.stream().flatMapToInt(Arrays::stream).sorted().toArray())
            .isEqualTo(IntStream.range(0, lengths.length).toArray());
        for (int[] tile : tiles) {
          int longest = Arrays.stream(tile).map(index -> lengths[index]).max().orElseThrow();
          assertThat(tile.length).isLessThanOrEqualTo(maxRows);
          assertThat(tile.length == 1 || tile.length * longest <= maxTokens).isTrue();
        }
      }
    }
  }

  @Test
  void dealtTilesAreEvenAndHoldNoSequenceOfLessThanHalfTheLength() {
    int[] lengths = IntStream.rangeClosed(1, 200).toArray();
    List<int[]> tiles = Tiles.dealt(lengths, 30, 100_000);
    List<int[]> band = tiles.stream().filter(tile -> lengths[tile[0]] > 150).toList();
    assertThat(band).hasSize(4).allSatisfy(tile -> assertThat(tile.length).isBetween(25, 26));
    for (int[] tile : tiles) {
      int longest = Arrays.stream(tile).map(index -> lengths[index]).max().orElseThrow();
      int shortest = Arrays.stream(tile).map(index -> lengths[index]).min().orElseThrow();
      assertThat(2 * shortest).isGreaterThanOrEqualTo(longest);
    }
  }
}
