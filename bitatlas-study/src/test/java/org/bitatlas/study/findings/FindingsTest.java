package org.bitatlas.study.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bitatlas.study.map.Check.Answer.NO;
import static org.bitatlas.study.map.Check.Answer.NOT_ENOUGH_DATA;
import static org.bitatlas.study.map.Check.Answer.YES;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.findings.SyntheticStudy.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each finding on records made up so that the answer is known: all three answers. */
class FindingsTest {
  private static final String NANO = "nano";

  @TempDir Path folder;

  @Test
  void anEmptyStudyAnswersNothingAndSaysWhatEachQuestionNeeds() {
    SyntheticStudy study = new SyntheticStudy().base(NANO, "gsm_nano", "slow_think", 100, 90);
    assertThat(Findings.of(study.map(folder)))
        .hasSize(8)
        .allSatisfy(finding -> {
          assertThat(finding.answer()).isEqualTo(NOT_ENOUGH_DATA);
          assertThat(finding.missing()).isNotEmpty();
          assertThat(finding.test()).contains("Yes: ", "No: ");
        });
  }

  @Test
  void eightBitsAreLosslessWhereEveryCellIsNonInferior() {
    Finding finding = eight(1, 0).finding(folder, "eight-bits-lossless");
    assertThat(finding.answer()).isEqualTo(YES);
    assertThat(finding.sentence())
        .contains("3 of 3 cells", "the largest loss is -0.1 points", "RTN W8 on gsm_nano");
    assertThat(finding.evidence()).hasSize(3);
    assertThat(finding.records()).hasSize(6);
    assertThat(finding.missing()).isEmpty();
  }

  @Test
  void oneCellThatIsWorseAfterHolmMakesEightBitsNotLossless() {
    Finding finding = eight(40, 0).finding(folder, "eight-bits-lossless");
    assertThat(finding.answer()).isEqualTo(NO);
    assertThat(finding.sentence()).contains("1 of 3 cells worse", "gsm_nano", "-4.0 points");
    assertThat(eight(6, 0).finding(folder.resolve("b"), "eight-bits-lossless").answer())
        .as("six flips alone are significant, but within the margin")
        .isEqualTo(YES);
    Finding collapsed =
        eight(0, 0)
            .base(NANO, "chain_nano", "slow_think", 100, 90)
            .broken(NANO, Row.W8, "chain_nano", "slow_think", CellState.COLLAPSED)
            .finding(folder.resolve("c"), "eight-bits-lossless");
    assertThat(collapsed.answer()).isEqualTo(NO);
  }

  @Test
  void fewItemsDoNotDecideAndTheFindingSaysHowManyWould() {
    SyntheticStudy few =
        new SyntheticStudy()
            .base(NANO, "gsm_nano", "slow_think", 100, 90)
            .cell(NANO, Row.W8, "gsm_nano", "slow_think", 100, 90, 1);
    Finding finding = few.finding(folder, "eight-bits-lossless");
    assertThat(finding.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(finding.missing())
        .containsExactly(
            "RTN W8 on gsm_nano slow_think: about 200 records in place of 100, if it is equal");
    Finding missing =
        eight(0, 0)
            .base(NANO, "chain_nano", "slow_think", 100, 90)
            .broken(NANO, Row.W8, "chain_nano", "slow_think", CellState.FAILED)
            .finding(folder.resolve("b"), "eight-bits-lossless");
    assertThat(missing.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(missing.missing())
        .containsExactly("RTN W8 on chain_nano slow_think: as the test says");
  }

  /** Two tasks of 1,000 items and a text, at 8 bits. */
  private static SyntheticStudy eight(int lostSums, int lostFacts) {
    return new SyntheticStudy()
        .base(NANO, "gsm_nano", "slow_think", 1000, 900)
        .base(NANO, "facts_nano", "slow_think", 1000, 1000)
        .perplexity(NANO, Row.FLOAT, 50)
        .cell(NANO, Row.W8, "gsm_nano", "slow_think", 1000, 900, lostSums)
        .cell(NANO, Row.W8, "facts_nano", "slow_think", 1000, 1000, lostFacts)
        .perplexity(NANO, Row.W8, 50.01);
  }

  @Test
  void theSmallModelIsHarmedMoreAndTheGroupsSayWhere() {
    Finding finding = sizes(400, 60, 4).finding(folder, "small-model-harmed-more");
    assertThat(finding.answer()).isEqualTo(YES);
    assertThat(finding.sentence())
        .contains("nano-small loses 5.2 points", "nano 0.5", "+4.7 points", "shown in math.");
    assertThat(finding.evidence())
        .extracting(Finding.Evidence::subject)
        .containsExactly("all tasks", "reasoning", "math", "code");
    assertThat(finding.evidence().getFirst().records()).hasSize(12);
  }

  @Test
  void equalHarmOfManyItemsIsAnAnswerOfFewItemsIsNot() {
    Finding equal = sizes(1000, 3, 3).finding(folder, "small-model-harmed-more");
    assertThat(equal.answer()).isEqualTo(NO);
    Finding less = sizes(400, 4, 60).finding(folder.resolve("b"), "small-model-harmed-more");
    assertThat(less.answer()).isEqualTo(NO);
    Finding few = sizes(40, 4, 2).finding(folder.resolve("c"), "small-model-harmed-more");
    assertThat(few.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(few.missing().getFirst()).contains("items in place of 120");
  }

  @Test
  void withoutASecondSizeOrAGroupTheFindingNamesIt() {
    SyntheticStudy one =
        new SyntheticStudy()
            .base(NANO, "gsm_nano", "slow_think", 100, 90)
            .cell(NANO, Row.W4, "gsm_nano", "slow_think", 100, 90, 20);
    assertThat(one.finding(folder, "small-model-harmed-more").missing())
        .containsExactly("a second size of the model: two names under models: of the study");
    SyntheticStudy math = new SyntheticStudy().model("nano-small", 300).model(NANO, 1000);
    for (String model : new String[] {NANO, "nano-small"}) {
      math.base(model, "gsm_nano", "slow_think", 50, 40)
          .cell(model, Row.W4, "gsm_nano", "slow_think", 50, 40, 1);
    }
    Finding finding = math.finding(folder.resolve("b"), "small-model-harmed-more");
    assertThat(finding.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(finding.missing()).anyMatch(text -> text.startsWith("code: a task"));
  }

  /** A task of each group at 4 bits in two sizes; gsm_nano loses what is said. */
  private static SyntheticStudy sizes(int items, int lostSmall, int lostLarge) {
    SyntheticStudy study = new SyntheticStudy().model("nano-small", 300).model(NANO, 1000);
    for (String model : new String[] {NANO, "nano-small"}) {
      int right = items * 9 / 10;
      for (String task : new String[] {"gsm_nano", "chain_nano", "humaneval_nano"}) {
        study.base(model, task, "slow_think", items, right);
      }
      int lost = model.equals("nano-small") ? lostSmall : lostLarge;
      study.cell(model, Row.W4, "gsm_nano", "slow_think", items, right, lost);
      for (String task : new String[] {"chain_nano", "humaneval_nano"}) {
        study.cell(model, Row.W4, task, "slow_think", items, right, 1);
      }
    }
    return study;
  }

  @Test
  void fewBitsAreAtChanceWhereMostCellsAre() {
    for (Map.Entry<Row, String> width :
        Map.of(Row.W2, "two-bits-at-chance", Row.W1, "binary-at-chance").entrySet()) {
      Path own = folder.resolve(width.getValue());
      Finding yes = chance(width.getKey(), 200, 3).finding(own, width.getValue());
      assertThat(yes.answer()).isEqualTo(YES);
      assertThat(yes.sentence()).contains("Of 3 cells", "2 are near chance, 1 well above");
      Finding no = chance(width.getKey(), 200, 80).finding(own.resolve("b"), width.getValue());
      assertThat(no.answer()).isEqualTo(NO);
      Finding open = chance(width.getKey(), 20, 2).finding(own.resolve("c"), width.getValue());
      assertThat(open.answer()).isEqualTo(NOT_ENOUGH_DATA);
      assertThat(open.missing()).isNotEmpty().allMatch(text -> text.contains("more items"));
    }
  }

  @Test
  void aCollapsedCellIsNoBetterThanChance() {
    Finding finding =
        new SyntheticStudy()
            .base(NANO, "chain_nano", "slow_think", 100, 90)
            .broken(NANO, Row.W2, "chain_nano", "slow_think", CellState.COLLAPSED)
            .finding(folder, "two-bits-at-chance");
    assertThat(finding.answer()).isEqualTo(YES);
    assertThat(finding.evidence().getFirst().figures()).startsWith("COLLAPSED");
  }

  /** Sums, yes or no, and facts, of which the last is always well above chance. */
  private static SyntheticStudy chance(Row row, int items, int right) {
    return new SyntheticStudy()
        .base(NANO, "gsm_nano", "slow_think", items, items)
        .base(NANO, "bool_nano", "slow_think", items, items)
        .base(NANO, "facts_nano", "slow_think", items, items)
        .cell(NANO, row, "gsm_nano", "slow_think", items, right, 0)
        .cell(NANO, row, "bool_nano", "slow_think", items, items * 45 / 100, 0)
        .cell(NANO, row, "facts_nano", "slow_think", items, items * 9 / 10, 0);
  }

  @Test
  void smoothQuantAtFourBitsIsFiniteOrNot() {
    SyntheticStudy finite =
        new SyntheticStudy().perplexity(NANO, Row.FLOAT, 54).perplexity(NANO, Row.W4A4, 64.5);
    Finding no = finite.finding(folder, "smoothquant-w4a4-not-finite");
    assertThat(no.answer()).isEqualTo(NO);
    assertThat(no.sentence()).contains("64.50, finite (float 54.00)");
    SyntheticStudy broken =
        new SyntheticStudy().perplexity(NANO, Row.FLOAT, 54).perplexity(NANO, Row.W4A4, Double.NaN);
    assertThat(broken.finding(folder.resolve("b"), "smoothquant-w4a4-not-finite").answer())
        .isEqualTo(YES);
    SyntheticStudy failed =
        new SyntheticStudy()
            .perplexity(NANO, Row.FLOAT, 54)
            .broken(NANO, Row.W4A4, "wikitext_nano", "", CellState.FAILED);
    Finding open = failed.finding(folder.resolve("c"), "smoothquant-w4a4-not-finite");
    assertThat(open.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(open.missing())
        .containsExactly("SmoothQuant W4A4 on wikitext_nano: as the test says");
  }

  @Test
  void weightActivationKeepsMostInEveryMode() {
    Finding yes = modes(400, 4).finding(folder, "w8a8-keeps-most");
    assertThat(yes.answer()).isEqualTo(YES);
    assertThat(yes.sentence()).contains("slow_think, no_think", "the lowest of 2 cells");
    Finding no = modes(400, 80).finding(folder.resolve("b"), "w8a8-keeps-most");
    assertThat(no.answer()).isEqualTo(NO);
    assertThat(no.sentence()).contains("no_think keeps 77.8 %");
    Finding open = modes(20, 2).finding(folder.resolve("c"), "w8a8-keeps-most");
    assertThat(open.answer()).isEqualTo(NOT_ENOUGH_DATA);
    Finding one =
        new SyntheticStudy()
            .base(NANO, "humaneval_nano", "no_think", 400, 360)
            .cell(NANO, Row.W8A8, "humaneval_nano", "no_think", 400, 360, 0)
            .finding(folder.resolve("d"), "w8a8-keeps-most");
    assertThat(one.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(one.missing()).singleElement().asString().startsWith("a second thinking mode");
  }

  /** Programs in two modes, of which no_think loses what is said. */
  private static SyntheticStudy modes(int items, int lost) {
    int right = items * 9 / 10;
    return new SyntheticStudy()
        .base(NANO, "humaneval_nano", "slow_think", items, right)
        .base(NANO, "humaneval_nano", "no_think", items, right)
        .cell(NANO, Row.W8A8, "humaneval_nano", "slow_think", items, right, 0)
        .cell(NANO, Row.W8A8, "humaneval_nano", "no_think", items, right, lost);
  }

  @Test
  void thePrefillIsFasterInEveryRoundOrTheRoundsDoNotDecide() {
    Finding yes = prefill(1.0, 1.02, 0.98).finding(folder, "prefill-faster");
    assertThat(yes.answer()).isEqualTo(YES);
    assertThat(yes.sentence()).contains("1.5", "times as fast as bf16", "measured", "a processor");
    assertThat(prefill(2.0, 2.02, 1.98).finding(folder.resolve("b"), "prefill-faster").answer())
        .isEqualTo(NO);
    Finding open = prefill(1.0, 2.0, 1.6).finding(folder.resolve("c"), "prefill-faster");
    assertThat(open.answer()).isEqualTo(NOT_ENOUGH_DATA);
    Finding few = prefill(1.0).finding(folder.resolve("d"), "prefill-faster");
    assertThat(few.answer()).isEqualTo(NOT_ENOUGH_DATA);
    assertThat(few.missing()).singleElement().asString().endsWith("3 rounds in place of 1");
  }

  private static SyntheticStudy prefill(double... w8a8) {
    double[] float16 = new double[w8a8.length];
    Arrays.fill(float16, 1.5);
    return new SyntheticStudy()
        .base(NANO, "gsm_nano", "slow_think", 10, 9)
        .speed("bf16", 16, float16, new double[w8a8.length])
        .speed("w8a8", 8, w8a8, new double[w8a8.length]);
  }

  @Test
  void dynamicQuantizationTakesMuchOrLittle() {
    assertThat(share(0.08, 0.081, 0.079).finding(folder, "dynamic-quantization-share").answer())
        .isEqualTo(YES);
    Finding no =
        share(0.03, 0.031, 0.029).finding(folder.resolve("b"), "dynamic-quantization-share");
    assertThat(no.answer()).isEqualTo(NO);
    assertThat(no.sentence())
        .contains("3.0 % of the prefill", "1.50 times as fast", "1.55 without");
    assertThat(
            share(0.02, 0.09, 0.05)
                .finding(folder.resolve("c"), "dynamic-quantization-share")
                .answer())
        .isEqualTo(NOT_ENOUGH_DATA);
  }

  private static SyntheticStudy share(double... seconds) {
    return new SyntheticStudy()
        .base(NANO, "gsm_nano", "slow_think", 10, 9)
        .speed("bf16", 16, new double[] {1.5, 1.5, 1.5}, new double[3])
        .speed("w8a8", 8, new double[] {1, 1, 1}, seconds);
  }
}
