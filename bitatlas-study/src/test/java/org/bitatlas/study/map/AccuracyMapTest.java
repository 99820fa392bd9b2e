package org.bitatlas.study.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.FakeStudies;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccuracyMapTest {
  @TempDir static Path folder;
  private static AccuracyMap map;

  @BeforeAll
  static void study() {
    map = FakeStudies.map(folder, 150);
  }

  @Test
  void hasOneCellPerRowAndColumn() {
    assertThat(map.rows()).hasSize(9);
    assertThat(map.columns()).hasSize(14);
    assertThat(map.cells()).hasSize(9).allSatisfy(row -> assertThat(row).hasSize(14));
  }

  @Test
  void comparesItemByItemAndNeverACellWithoutANumber() {
    Comparison three = map.cells().get(3).get(2).comparison();
    assertThat(three.verdict()).isEqualTo(Verdict.WORSE);
    assertThat(three.items()).isEqualTo(150);
    double float_ = map.cells().get(0).get(2).value().orElseThrow();
    assertThat(float_ + three.delta())
        .isCloseTo(map.cells().get(3).get(2).value().orElseThrow(), within(1e-12));
    for (MapCell cell : map.cells().get(4)) {
      if (cell.state() != CellState.OK) {
        assertThat(cell.comparison().verdict()).isEqualTo(Verdict.NOT_COMPARABLE);
        assertThat(cell.value()).isEmpty();
      }
    }
  }

  @Test
  void averagesSayWhatTheyLeaveOut() {
    MapAverage whole = map.averages().get(0);
    assertThat(whole.cells()).isEqualTo(8);
    assertThat(whole.leftOut()).isZero();
    assertThat(whole.low()).isLessThan(whole.mean().orElseThrow());
    MapAverage broken = map.averages().get(4);
    assertThat(broken.mean()).isEmpty();
    assertThat(broken.leftOut()).isEqualTo(8);
    assertThat(broken.onFront()).isFalse();
  }

  @Test
  void theFrontHoldsNoRowThatAnotherBeatsInLessMemory() {
    for (int i = 0; i < 9; i++) {
      for (int j = 0; j < 9; j++) {
        MapAverage front = map.averages().get(i);
        MapAverage other = map.averages().get(j);
        boolean better =
            other.mean().orElse(0) > front.mean().orElse(0)
                && map.rows().get(j).size().orElseThrow().wholeModelBytes()
                    <= map.rows().get(i).size().orElseThrow().wholeModelBytes();
        assertThat(front.onFront() && better).isFalse();
      }
    }
    assertThat(map.averages()).anyMatch(MapAverage::onFront);
  }

  @Test
  void flagsCellsAtChance() {
    int column = map.columns().stream().map(c -> c.label()).toList().indexOf("bool_nano no_think");
    assertThat(map.cells().get(8).get(column).flags()).contains(Flag.AT_CHANCE);
    assertThat(map.cells().get(0).get(column).flags()).isEmpty();
  }

  @Test
  void answersTheChecks() {
    List<String> yes =
        map.checks().stream()
            .filter(check -> check.answer() == Check.Answer.YES)
            .map(Check::statement)
            .toList();
    assertThat(yes)
        .contains(
            "RTN W8 is within noise of float",
            "RTN loses more with every step to fewer bits",
            "GPTQ is at or above RTN at 3 bits");
  }
}
