package org.bitatlas.study.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Verdict;
import org.junit.jupiter.api.Test;

class FamilyTest {

  @Test
  void aClaimThatHoldsAloneNeedNotHoldAmongMany() {
    Comparison loss = compared(300, 14, 3, Double.NaN);
    assertThat(loss.verdict()).isEqualTo(Verdict.WORSE);
    assertThat(loss.significance().worse()).isBetween(0.001, 0.01);
    Comparison equal = compared(300, 3, 3, Double.NaN);
    List<Comparison> many = new ArrayList<>(Collections.nCopies(99, equal));
    many.add(loss);
    List<Comparison> adjusted = Family.adjusted(List.of(many)).getFirst();
    assertThat(adjusted.getLast().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(adjusted.getLast().significance().alone()).isEqualTo(Verdict.WORSE);
    assertThat(adjusted.getLast().significance().adjusted())
        .isCloseTo(100 * loss.significance().worse(), within(1e-12));
    assertThat(adjusted.getFirst().verdict()).isEqualTo(equal.verdict());
    assertThat(Family.adjusted(List.of(List.of(loss))).getFirst().getFirst().verdict())
        .isEqualTo(Verdict.WORSE);
  }

  @Test
  void aDifferenceWithinTheNoiseIsNoClaim() {
    assertThat(among(compared(300, 30, 0, 0.10)).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(among(compared(300, 30, 0, 0.05)).verdict()).isEqualTo(Verdict.WORSE);
  }

  @Test
  void itemsThatBelongTogetherCountOnce() {
    List<SampleRecord> first = new ArrayList<>();
    List<SampleRecord> second = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      SampleRecord right = sample(i, true, "1").in("passage " + i / 30);
      first.add(right);
      second.add(i < 30 ? sample(i, false, "2").in("passage 0") : right);
    }
    Comparison alone = compared(300, 30, 0, Double.NaN);
    Comparison together =
        PairedAccuracy.of(ItemPairs.of(first, second).orElseThrow(), 0.02, Double.NaN);
    assertThat(together.delta()).isEqualTo(alone.delta());
    assertThat(together.units()).isEqualTo(10);
    assertThat(alone.verdict()).isEqualTo(Verdict.WORSE);
    assertThat(together.verdict()).as("one passage of ten").isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(together.ratio().value()).isCloseTo(0.9, within(1e-12));
    assertThat(together.ratio().low()).isLessThan(0.9);
  }

  @Test
  void fewItemsWithoutAChangeProveNothing() {
    List<SampleRecord> few = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      few.add(sample(i, true, "1").in("passage " + i / 2));
    }
    Comparison same = PairedAccuracy.of(ItemPairs.of(few, few).orElseThrow(), 0.02, Double.NaN);
    assertThat(same.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(same.low()).isLessThan(-0.2);
    assertThat(same.ratio().low()).isLessThan(0.9);
    assertThat(compared(10, 0, 0, Double.NaN).ratio().low()).isLessThan(0.9);
  }

  @Test
  void anItemAskedInTwoModesIsOneUnit() {
    ItemPairs mode =
        ItemPairs.of(List.of(sample(0, true, "1")), List.of(sample(0, false, "2"))).orElseThrow();
    ItemPairs joined =
        ItemPairs.joined(List.of(Map.entry("gsm", mode), Map.entry("gsm", mode))).orElseThrow();
    assertThat(joined.counts().items()).isEqualTo(2);
    assertThat(joined.clusters().count()).isEqualTo(1);
  }

  @Test
  void anotherWrongAnswerIsChurn() {
    List<SampleRecord> first =
        List.of(sample(0, false, "1"), sample(1, false, "1"), sample(2, true, "1"));
    List<SampleRecord> second =
        List.of(sample(0, false, "2"), sample(1, false, "1"), sample(2, false, "2"));
    assertThat(ItemPairs.of(first, second).orElseThrow().churned()).isEqualTo(1);
  }

  private static Comparison among(Comparison comparison) {
    return Family.adjusted(List.of(List.of(comparison))).getFirst().getFirst();
  }

  private static Comparison compared(int items, int lost, int gained, double noise) {
    List<SampleRecord> first = new ArrayList<>();
    List<SampleRecord> second = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      boolean before = i >= gained;
      boolean after = i < items - lost;
      first.add(sample(i, before, before ? "1" : "2"));
      second.add(sample(i, after, after ? "1" : "2"));
    }
    return PairedAccuracy.of(ItemPairs.of(first, second).orElseThrow(), 0.02, noise);
  }

  private static SampleRecord sample(int index, boolean correct, String answer) {
    return new SampleRecord(
        index, "digest", "", "", "", answer, correct, 0, "CLOSED", new LinkedHashMap<>());
  }
}
