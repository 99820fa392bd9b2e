package org.bitatlas.study.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairedItemsTest {
  @Test
  void countsItemByItemWhateverTheOrder() {
    List<SampleRecord> first = List.of(sample(0, "a", true), sample(1, "b", true));
    List<SampleRecord> second = List.of(sample(1, "b", false), sample(0, "a", true));
    assertThat(PairedItems.of(first, second)).contains(new PairedCounts(1, 1, 0, 0));
  }

  @Test
  void refusesOtherPromptsAndOtherItems() {
    List<SampleRecord> first = List.of(sample(0, "a", true), sample(1, "b", true));
    assertThat(PairedItems.of(first, List.of(sample(0, "a", true)))).isEmpty();
    assertThat(PairedItems.of(first, List.of(sample(0, "a", true), sample(1, "x", true))))
        .isEmpty();
    assertThat(PairedItems.of(List.of(), List.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "1000,0,0,NON_INFERIOR",
    "1000,100,10,WORSE",
    "50,1,0,INCONCLUSIVE",
    "1000,3,1,NON_INFERIOR",
    "100,5,3,INCONCLUSIVE"
  })
  void verdictForTwoPoints(int items, int lost, int gained, Verdict expected) {
    PairedCounts counts = new PairedCounts(items - lost - gained, lost, gained, 0);
    assertThat(PairedItems.verdict(counts, 0.02)).isEqualTo(expected);
  }

  private static SampleRecord sample(int index, String digest, boolean correct) {
    return new SampleRecord(
        index, digest, "", "", "", "", correct, 0, "CLOSED", new LinkedHashMap<>());
  }
}
