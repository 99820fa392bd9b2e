package org.bitatlas.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RepetitionTest {

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static List<Integer> loop(int prefix, int period, int length) {
    List<Integer> ids = new ArrayList<>(range(10_000, 10_000 + prefix));
    for (int i = 0; i < length; i++) {
      ids.add(i % period);
    }
    return ids;
  }

  @Test
  void repeatedShare() {
    assertThat(Repetition.repeatedShare(range(0, 50), 4)).isZero();
    assertThat(Repetition.repeatedShare(List.of(1, 2, 1, 2, 1, 2), 4))
        .isCloseTo(1 / 3.0, within(1e-12));
    assertThat(Repetition.repeatedShare(List.of(1, 2, 3), 4)).isZero();
    assertThat(Repetition.repeatedShare(List.of(), 4)).isZero();
  }

  @Test
  void tailLoopIsTheSmallestPeriod() {
    assertThat(Repetition.tailLoopPeriod(loop(30, 7, 200))).hasValue(7);
    assertThat(Repetition.tailLoopPeriod(loop(0, 1, 200))).hasValue(1);
    assertThat(Repetition.tailLoopPeriod(loop(5, 100, 300))).hasValue(100);
  }

  @Test
  void tailLoopNeedsThreePeriodsAndTwoHundredTokens() {
    assertThat(Repetition.tailLoopPeriod(loop(0, 7, 199))).isEmpty();
    assertThat(Repetition.tailLoopPeriod(loop(40, 100, 299))).isEmpty();
    assertThat(Repetition.tailLoopPeriod(range(0, 400))).isEmpty();
    List<Integer> ended = loop(0, 7, 300);
    ended.add(99);
    assertThat(Repetition.tailLoopPeriod(ended)).isEmpty();
  }

  @Test
  void theLoopBeginsWhereItsFirstPeriodDoes() {
    assertThat(Repetition.tailLoopOnset(loop(30, 7, 200), 7)).isEqualTo(30);
    assertThat(Repetition.tailLoopOnset(loop(0, 1, 200), 1)).isZero();
  }
}
