package org.bitatlas.study.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.bitatlas.eval.CellState;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.platform.PlatformRanking.Ranked;
import org.bitatlas.study.platform.PlatformRanking.Ranks;
import org.bitatlas.study.platform.PlatformRanking.Stability;
import org.bitatlas.study.recommendation.SyntheticStudy;
import org.bitatlas.study.report.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlatformRankingTest {
  private static final String TASK = "chain_nano";
  private static final Map<String, ?> RTN = Map.of("method", "rtn", "bits", 4);
  private static final Map<String, ?> GPTQ = Map.of("method", "gptq", "bits", 4);
  private static final Map<String, ?> THREE = Map.of("method", "rtn", "bits", 3);
  private static final IntPredicate GOOD = i -> i % 10 != 0;
  private static final IntPredicate FAIR = i -> i % 10 != 0 && i % 10 != 3;
  private static final IntPredicate POOR = i -> i % 10 > 4;

  @TempDir private Path folder;

  private static String label(Map<String, ?> options) {
    return Recipe.parse(options).label();
  }

  private static SyntheticStudy study(
      String platform, int items, IntPredicate rtn, IntPredicate gptq, IntPredicate three) {
    return new SyntheticStudy(platform, items)
        .floats(TASK, GOOD)
        .row(RTN, TASK, rtn)
        .row(GPTQ, TASK, gptq)
        .row(THREE, TASK, three);
  }

  private AccuracyMap merged(SyntheticStudy... studies) {
    try (RunStore out = RunStore.open(folder.resolve("out"))) {
      RecordMerge merge = new RecordMerge(out);
      for (int i = 0; i < studies.length; i++) {
        try (RunStore store = RunStore.open(folder.resolve("study" + i))) {
          studies[i].write(store);
          merge.add(store);
        }
      }
      return AccuracyMap.of(out, StudySpec.defaultSpec());
    }
  }

  private static Ranked of(PlatformRanking ranking, String setting) {
    return ranking.settings().stream()
        .filter(ranked -> ranked.setting().equals(setting))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void rowsOfAnotherPlatformStandBesideAndAreComparedItemByItem() {
    AccuracyMap map =
        merged(study("Xeon", 400, FAIR, GOOD, POOR), study("Ascend 910B", 400, FAIR, GOOD, POOR));

    assertThat(map.rows())
        .extracting(MapRow::recipe)
        .contains("float", label(RTN), "float [Ascend 910B]", label(RTN) + " [Ascend 910B]")
        .hasSize(8);
    int guest = map.rows().stream().map(MapRow::recipe).toList().indexOf("float [Ascend 910B]");
    assertThat(map.cells().get(guest).getFirst().comparison().delta()).isZero();
    assertThat(map.cells().get(guest).getFirst().comparison().items()).isEqualTo(400);
  }

  @Test
  void settingsThatAreOrderedAlikeKeepTheirRank() {
    PlatformRanking ranking =
        PlatformRanking.of(
                merged(
                    study("Xeon", 400, FAIR, GOOD, POOR),
                    study("Ascend 910B", 400, FAIR, GOOD, POOR)))
            .getFirst();

    assertThat(ranking.first()).isEqualTo("Xeon");
    assertThat(ranking.second()).isEqualTo("Ascend 910B");
    assertThat(ranking.settings()).allMatch(setting -> setting.stability() == Stability.KEEPS);
    // Float and GPTQ have the same answers: neither is above the other.
    assertThat(of(ranking, label(GPTQ)).first()).isEqualTo(new Ranks(1, 2));
    assertThat(of(ranking, label(RTN)).first()).isEqualTo(new Ranks(3, 3));
    assertThat(of(ranking, label(THREE)).second()).isEqualTo(new Ranks(4, 4));
    assertThat(of(ranking, label(RTN)).difference()).isZero();
  }

  @Test
  void settingsThatAreOrderedTheOtherWayRoundChange() {
    AccuracyMap map =
        merged(study("Xeon", 400, FAIR, GOOD, POOR), study("Ascend 910B", 400, GOOD, FAIR, POOR));
    PlatformRanking ranking = PlatformRanking.of(map).getFirst();

    assertThat(of(ranking, label(RTN)).stability()).isEqualTo(Stability.CHANGES);
    assertThat(of(ranking, label(RTN)).reversed()).containsExactly(label(GPTQ));
    assertThat(of(ranking, label(RTN)).difference()).isEqualTo(0.1);
    assertThat(of(ranking, label(RTN)).interval().low()).isPositive();
    assertThat(of(ranking, label(THREE)).stability()).isEqualTo(Stability.KEEPS);
    assertThat(PlatformMarkdown.of(PlatformRanking.of(map)))
        .contains("## Ranks across platforms")
        .contains("2 of 4 keep their rank: float, " + label(THREE) + ". 2 of 4 change it: ")
        .contains("changes: reversed against " + label(GPTQ));
    Path page = Report.write(map, folder.resolve("report")).html();
    assertThat(page)
        .content()
        .contains("Ranks across platforms", "Rank on Xeon", "2 of 4 change it: " + label(RTN));
  }

  /** Two items apart on one platform and two the other way on the other: order, but no evidence. */
  @Test
  void aBareOrderThatTheIntervalsDoNotBearIsNotEnoughData() {
    PlatformRanking ranking =
        PlatformRanking.of(
                merged(
                    study("Xeon", 100, i -> GOOD.test(i) && i > 12, GOOD, GOOD),
                    study("Ascend 910B", 100, GOOD, i -> GOOD.test(i) && i > 12, GOOD)))
            .getFirst();
    PlatformRanking few =
        PlatformRanking.of(
                new PlatformRankingTest.Scratch(folder.resolve("few"))
                    .merged(
                        study("Xeon", 100, i -> GOOD.test(i) && i > 2, GOOD, GOOD),
                        study("Ascend 910B", 100, GOOD, i -> GOOD.test(i) && i > 2, GOOD)))
            .getFirst();

    assertThat(of(ranking, label(RTN)).difference()).isPositive();
    assertThat(few.settings())
        .allMatch(setting -> setting.stability() == Stability.NOT_ENOUGH_DATA);
    assertThat(of(few, label(RTN)).first().best()).isEqualTo(1);
    assertThat(of(few, label(RTN)).first().worst()).isEqualTo(4);
  }

  private record Scratch(Path folder) {
    AccuracyMap merged(SyntheticStudy... studies) {
      PlatformRankingTest test = new PlatformRankingTest();
      test.folder = folder;
      return test.merged(studies);
    }
  }

  @Test
  void aSettingThatBreaksOnOnePlatformChanges() {
    SyntheticStudy broken =
        new SyntheticStudy("Ascend 910B", 400)
            .floats(TASK, GOOD)
            .row(RTN, TASK, CellState.NON_FINITE, _ -> false)
            .row(GPTQ, TASK, GOOD);
    PlatformRanking ranking =
        PlatformRanking.of(merged(study("Xeon", 400, FAIR, GOOD, POOR), broken)).getFirst();

    assertThat(of(ranking, label(RTN)).stability()).isEqualTo(Stability.CHANGES);
    assertThat(ranking.settings()).extracting(Ranked::setting).doesNotContain(label(THREE));
  }

  /** Two halves of a study on machines of one kind are one study. */
  @Test
  void recordsOfOnePlatformFillOneMap() {
    SyntheticStudy first = new SyntheticStudy("Xeon", 100).floats(TASK, GOOD).row(RTN, TASK, FAIR);
    SyntheticStudy second =
        new SyntheticStudy("Xeon", 100).floats(TASK, GOOD).row(GPTQ, TASK, GOOD);
    AccuracyMap map = merged(first, second);

    assertThat(map.rows())
        .extracting(MapRow::recipe)
        .containsExactly("float", label(RTN), label(GPTQ));
    assertThat(PlatformRanking.of(map)).isEmpty();
    assertThat(PlatformMarkdown.of(PlatformRanking.of(map))).isEqualTo("");
    assertThat(List.of(map.cells().get(2).getFirst().comparison().items())).containsExactly(100);
  }
}
