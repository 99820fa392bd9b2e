package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.Verdict;
import org.junit.jupiter.api.Test;

class ComparisonTest {

  private static SampleRecord sample(int index, boolean correct, double nll) {
    return new SampleRecord(
        index,
        "prompt " + index,
        "",
        "",
        "",
        "",
        correct,
        0,
        "SCORED",
        new LinkedHashMap<>(Map.of("nll", nll, "tokens", 10.0)));
  }

  private static TaskResult cell(CellState state, int items, IntPredicate correct) {
    List<SampleRecord> samples = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      samples.add(sample(i, correct.test(i), 0));
    }
    return new TaskResult(state, "", 0, new LinkedHashMap<>(), samples, items);
  }

  private static TaskResult text(IntToDoubleFunction nll) {
    List<SampleRecord> samples = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      samples.add(sample(i, false, nll.applyAsDouble(i)));
    }
    return new TaskResult(CellState.OK, "", 0, new LinkedHashMap<>(), samples, 64);
  }

  @Test
  void fewItemsWithEqualAnswersDoNotProveEquality() {
    TaskResult cell = cell(CellState.OK, 40, i -> i % 10 > 0);
    Comparison comparison = Comparison.ofAccuracy(cell, cell, 0.01);
    assertThat(comparison.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(comparison.reason()).contains("margin 0.0100").contains("+0.0000");
  }

  @Test
  void manyItemsWithEqualAnswersAreNonInferior() {
    TaskResult cell = cell(CellState.OK, 400, i -> i % 10 > 0);
    Comparison comparison = Comparison.ofAccuracy(cell, cell, 0.01);
    assertThat(comparison.verdict()).isEqualTo(Verdict.NON_INFERIOR);
    Comparison.Accuracy evidence = (Comparison.Accuracy) comparison.evidence().orElseThrow();
    assertThat(evidence.counts()).isEqualTo(new PairedCounts(360, 0, 0, 40));
    assertThat(evidence.mcNemar()).isEqualTo(1);
  }

  @Test
  void aClearLossIsWorse() {
    Comparison comparison =
        Comparison.ofAccuracy(
            cell(CellState.OK, 300, i -> true), cell(CellState.OK, 300, i -> i % 5 > 0), 0.02);
    assertThat(comparison.verdict()).isEqualTo(Verdict.WORSE);
    Comparison.Accuracy evidence = (Comparison.Accuracy) comparison.evidence().orElseThrow();
    assertThat(evidence.counts().lost()).isEqualTo(60);
    assertThat(evidence.mcNemar()).isLessThan(1e-15);
  }

  private static TaskResult clustered(TaskResult cell, int size) {
    return cell.with(
        cell.samples().stream().map(one -> one.in("passage " + one.index() / size)).toList());
  }

  @Test
  void itemsOfOneClusterCountAsLittleMoreThanOne() {
    // Two of thirty passages are lost whole: 20 items flip, but only two things happened.
    TaskResult before = cell(CellState.OK, 300, i -> true);
    TaskResult after = cell(CellState.OK, 300, i -> i >= 20);
    Comparison alone = Comparison.ofAccuracy(before, after, 0.01);
    Comparison passages = Comparison.ofAccuracy(clustered(before, 10), clustered(after, 10), 0.01);
    Comparison.Accuracy items = (Comparison.Accuracy) alone.evidence().orElseThrow();
    Comparison.Accuracy drawn = (Comparison.Accuracy) passages.evidence().orElseThrow();
    assertThat(alone.verdict()).isEqualTo(Verdict.WORSE);
    assertThat(passages.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(drawn.clusters()).isEqualTo(30);
    assertThat(drawn.counts()).isEqualTo(items.counts());
    assertThat(drawn.bounds().low()).isLessThan(items.bounds().low());
    assertThat(drawn.worse()).isGreaterThan(items.worse());
    assertThat(drawn.minimumDetectableEffect()).isGreaterThan(items.minimumDetectableEffect());
  }

  @Test
  void amongManyComparisonsALossMustBeClearer() {
    TaskResult before = cell(CellState.OK, 300, i -> true);
    Comparison lost = Comparison.ofAccuracy(before, cell(CellState.OK, 300, i -> i >= 6), 0.001);
    Comparison same = Comparison.ofAccuracy(before, before, 0.001);
    assertThat(lost.verdict()).isEqualTo(Verdict.WORSE);
    assertThat(Comparison.together(List.of(lost)).getFirst()).isEqualTo(lost);
    List<Comparison> four = Comparison.together(List.of(lost, same, same, same));
    assertThat(four.getFirst().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(four.getFirst().reason()).contains("among 4 comparisons", "p 0.063 after Holm");
    assertThat(four.get(1)).isEqualTo(same);
  }

  @Test
  void cellsThatAreNotOkOrDifferAreNotComparable() {
    TaskResult ok = cell(CellState.OK, 30, i -> true);
    assertThat(Comparison.ofAccuracy(ok, cell(CellState.COLLAPSED, 30, i -> true), 0.01).verdict())
        .isEqualTo(Verdict.NOT_COMPARABLE);
    assertThat(Comparison.ofAccuracy(ok, cell(CellState.OK, 29, i -> true), 0.01).verdict())
        .isEqualTo(Verdict.NOT_COMPARABLE);
    assertThat(Comparison.ofAccuracy(ok, TaskResult.skipped("", 30), 0.01).evidence()).isEmpty();
  }

  @Test
  void perplexitiesAreComparedWindowByWindow() {
    // Windows differ much from each other, the two models by little: only pairing can tell.
    TaskResult first = text(i -> 30 + i);
    Comparison near = Comparison.ofPerplexity(first, text(i -> 30.02 + i), 0.01);
    assertThat(near.verdict()).isEqualTo(Verdict.NON_INFERIOR);
    Comparison worse = Comparison.ofPerplexity(first, text(i -> 30.5 + i + 0.1 * (i % 3)), 0.01);
    assertThat(worse.verdict()).isEqualTo(Verdict.WORSE);
    Comparison.Perplexity evidence = (Comparison.Perplexity) worse.evidence().orElseThrow();
    assertThat(evidence.difference()).isCloseTo(-0.06, within(2e-3));
  }

  @Test
  void informativeRuleOnTheFloatCellsOfTheEmbeddedModel() {
    InformativeRule rule = InformativeRule.DEFAULT;
    assertThat(rule.decide(294, 300, 0).informative()).isTrue();
    assertThat(rule.decide(35, 300, 0).informative()).as("mental arithmetic").isFalse();
    assertThat(rule.decide(122, 400, 0.25).informative()).as("near chance").isFalse();
    assertThat(rule.decide(159, 200, 0.5).informative()).isTrue();
    assertThat(rule.decide(130, 200, 0.5).informative()).as("not clearly above chance").isFalse();
    assertThat(rule.decide(35, 300, 0).reason())
        .isEqualTo(
            "float accuracy 11.7 % (35 of 300), lower bound 8.5 % not above chance 0.0 % + 10"
                + " points");
  }
}
