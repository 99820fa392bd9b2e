package org.bitatlas.eval.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bitatlas.eval.Oracles;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The golden values of scipy, statsmodels, numpy and torch. */
class StatisticsGoldenTest {

  @Test
  void mcNemar() {
    for (Path file : Oracles.files("statistics", "mcnemar", ".json")) {
      JsonNode golden = Oracles.json(file);
      double percent = 100 * golden.at("/tolerances/rel").doubleValue();
      for (JsonNode one : golden.get("cases")) {
        int lost = one.get("b").intValue();
        int gained = one.get("c").intValue();
        assertThat(McNemarTest.exact(lost, gained))
            .as("%s", one)
            .isCloseTo(one.get("p_exact_two_sided").doubleValue(), withinPercentage(percent));
        if (one.get("p_mid").isNumber()) {
          assertThat(McNemarTest.midP(lost, gained))
              .as("%s", one)
              .isCloseTo(one.get("p_mid").doubleValue(), withinPercentage(percent));
        }
      }
    }
  }

  @Test
  void pairedBootstrap() {
    for (Path file : Oracles.files("statistics", "paired_bootstrap", ".json")) {
      JsonNode golden = Oracles.json(file);
      double tolerance = golden.at("/tolerances/seeded").doubleValue();
      for (JsonNode one : golden.get("results")) {
        String statistic = one.get("statistic").stringValue();
        double[] first = Oracles.tensor(Oracles.tensors(file), statistic + "_a");
        double[] second = Oracles.tensor(Oracles.tensors(file), statistic + "_b");
        if (one.has("scipy_bootstrap")) {
          PairedBootstrap own = PairedBootstrap.of(first, second, 7, 10_000);
          double error = one.get("standard_error").doubleValue();
          double[] ends = Oracles.doubles(one.get("ci95_percentile"));
          assertThat(own.standardError()).isCloseTo(error, withinPercentage(15));
          assertThat(own.interval(0.95).low()).isCloseTo(ends[0], within(0.15 * error));
          assertThat(own.interval(0.95).high()).isCloseTo(ends[1], within(0.15 * error));
          continue;
        }
        PairedBootstrap own =
            PairedBootstrap.of(
                first,
                second,
                Long.parseUnsignedLong(one.get("seed").stringValue()),
                one.get("resamples").intValue());
        assertThat(own.meanDifference())
            .isCloseTo(one.get("mean_difference").doubleValue(), within(tolerance));
        assertThat(own.bootstrapMean())
            .isCloseTo(one.get("bootstrap_mean").doubleValue(), within(tolerance));
        assertThat(own.standardError())
            .isCloseTo(one.get("bootstrap_se").doubleValue(), within(tolerance));
        double[] firstMeans = Oracles.doubles(one.get("first_resampled_means"));
        assertThat(Arrays.copyOf(own.resampledMeans(), firstMeans.length))
            .containsExactly(firstMeans, within(tolerance));
        assertInterval(own.interval(0.95), one.get("ci95"), tolerance);
        assertInterval(own.interval(0.99), one.get("ci99"), tolerance);
      }
    }
  }

  private static void assertInterval(Interval interval, JsonNode expected, double tolerance) {
    double[] ends = Oracles.doubles(expected);
    assertThat(interval.low()).isCloseTo(ends[0], within(tolerance));
    assertThat(interval.high()).isCloseTo(ends[1], within(tolerance));
  }

  @Test
  void klDivergence() {
    for (Path file : Oracles.files("statistics", "kl_divergence", ".json")) {
      JsonNode golden = Oracles.json(file);
      Path tensors = Oracles.tensors(file);
      double relative = golden.at("/tolerances/rel").doubleValue();
      double absolute = golden.at("/tolerances/abs").doubleValue();
      int width = golden.at("/tensors/logits_p/shape/1").intValue();
      float[][] first = rows(Oracles.tensor(tensors, "logits_p"), width);
      float[][] second = rows(Oracles.tensor(tensors, "logits_q"), width);
      double[] forward = Oracles.tensor(tensors, "kl_p_q");
      double[] backward = Oracles.tensor(tensors, "kl_q_p");
      double[] symmetric = Oracles.tensor(tensors, "js");
      double[] top = Oracles.tensor(tensors, "top1_agree");
      double[] cross = Oracles.tensor(tensors, "cross_entropy_p_argmax_under_q");
      double[] own = new double[first.length];
      for (int row = 0; row < first.length; row++) {
        own[row] = KlDivergence.of(first[row], second[row]);
        assertClose(own[row], forward[row], relative, absolute);
        assertClose(KlDivergence.of(second[row], first[row]), backward[row], relative, absolute);
        assertClose(
            KlDivergence.jensenShannon(first[row], second[row]),
            symmetric[row],
            relative,
            absolute);
        assertThat(KlDivergence.sameTop(first[row], second[row]) ? 1.0 : 0.0).isEqualTo(top[row]);
        assertClose(
            KlDivergence.crossEntropyOfTop(first[row], second[row]),
            cross[row],
            relative,
            absolute);
      }
      Arrays.sort(own);
      assertClose(
          Quantile.ofSorted(own, 0.5),
          golden.at("/expected/median_kl").doubleValue(),
          relative,
          absolute);
      assertClose(
          Quantile.ofSorted(own, 0.99),
          golden.at("/expected/p99_kl").doubleValue(),
          relative,
          absolute);
    }
  }

  @Test
  void holm() {
    for (JsonNode one : cases("holm")) {
      double[] adjusted = HolmAdjustment.of(Oracles.doubles(one.get("p")));
      assertThat(adjusted).containsExactly(Oracles.doubles(one.get("adjusted")), within(1e-12));
    }
  }

  @Test
  void wilson() {
    for (JsonNode one : cases("wilson")) {
      int right = one.get("successes").intValue();
      int items = one.get("trials").intValue();
      double confidence = one.get("confidence").doubleValue();
      double[] verdicts = new double[items];
      Arrays.fill(verdicts, 0, right, 1);
      Clusters alone = Clusters.of(IntStream.range(0, items).boxed().toList());
      for (Interval own :
          List.of(
              WilsonInterval.of(right, items, confidence),
              ClusteredError.ofShare(verdicts, alone, confidence))) {
        assertThat(own.low()).as("%s", one).isCloseTo(one.get("low").doubleValue(), within(1e-9));
        assertThat(own.high()).as("%s", one).isCloseTo(one.get("high").doubleValue(), within(1e-9));
      }
    }
  }

  @Test
  void oneSidedMcNemar() {
    for (JsonNode one : cases("one_sided_mcnemar")) {
      assertThat(McNemarTest.worse(one.get("b").intValue(), one.get("c").intValue()))
          .as("%s", one)
          .isCloseTo(one.get("p_worse").doubleValue(), withinPercentage(1e-7));
    }
  }

  @Test
  void clusters() {
    for (JsonNode one : cases("clustered")) {
      Clusters clusters =
          Clusters.of(Arrays.stream(Oracles.ints(one.get("clusters"))).boxed().toList());
      double[] first = Oracles.doubles(one.get("first"));
      double[] second = Oracles.doubles(one.get("second"));
      double[] changes = new double[first.length];
      boolean[] before = new boolean[first.length];
      boolean[] after = new boolean[first.length];
      for (int i = 0; i < first.length; i++) {
        changes[i] = second[i] - first[i];
        before[i] = first[i] == 1;
        after[i] = second[i] == 1;
      }
      assertThat(ClusteredError.ofMean(first, clusters))
          .isCloseTo(one.get("se_first").doubleValue(), within(1e-12));
      assertThat(ClusteredError.ofMean(changes, clusters))
          .isCloseTo(one.get("se_difference").doubleValue(), within(1e-12));
      PairedCounts counts = PairedCounts.of(before, after);
      assertThat(McNemarTest.worse(before, after, clusters))
          .isCloseTo(
              Math.max(
                  one.get("obuchowski_worse").doubleValue(),
                  McNemarTest.worse(counts.lost(), counts.gained())),
              within(1e-12));
    }
  }

  @Test
  void clusteredBootstrap() {
    for (JsonNode one : cases("clustered")) {
      // Our clusters are numbered in the order of their first items, those of the case by value.
      int[] ofItem = Oracles.ints(one.get("clusters"));
      Clusters clusters = new Clusters(Arrays.stream(ofItem).max().orElseThrow() + 1, ofItem);
      ClusteredBootstrap own =
          ClusteredBootstrap.of(
              Oracles.doubles(one.get("first")),
              Oracles.doubles(one.get("second")),
              clusters,
              one.get("seed").longValue(),
              one.get("resamples").intValue());
      assertThat(own.difference()).isCloseTo(one.get("difference").doubleValue(), within(1e-12));
      assertThat(own.ratio()).isCloseTo(one.get("ratio").doubleValue(), within(1e-12));
      assertInterval(own.interval(0.90), one.get("difference_ci90"), 1e-12);
      assertInterval(own.interval(0.95), one.get("difference_ci95"), 1e-12);
      assertInterval(own.ratioInterval(0.90), one.get("ratio_ci90"), 1e-12);
    }
  }

  @Test
  void ratioOfPerplexities() {
    for (JsonNode one : cases("perplexity_ratio")) {
      LogPerplexityRatio own =
          LogPerplexityRatio.of(
              Oracles.doubles(one.get("first")),
              Oracles.doubles(one.get("second")),
              Oracles.doubles(one.get("tokens")));
      assertThat(own.ratio()).isCloseTo(one.get("ratio").doubleValue(), withinPercentage(1e-7));
      assertThat(own.standardError())
          .isCloseTo(one.get("standard_error").doubleValue(), withinPercentage(1e-7));
      assertThat(own.unpairedError())
          .isCloseTo(one.get("unpaired_error").doubleValue(), withinPercentage(1e-7));
      assertThat(own.correlation())
          .isCloseTo(one.get("correlation").doubleValue(), withinPercentage(1e-7));
      assertThat(own.worse()).isCloseTo(one.get("p_worse").doubleValue(), within(1e-9));
      assertInterval(own.interval(0.95), one.get("ci95"), 1e-9);
    }
  }

  @Test
  void power() {
    for (JsonNode one : cases("power")) {
      assertThat(
              MinimumDetectableEffect.of(
                  one.get("flips").doubleValue(), one.get("items").intValue()))
          .isCloseTo(one.get("effect").doubleValue(), within(1e-9));
    }
  }

  private static List<JsonNode> cases(String name) {
    List<JsonNode> cases = new ArrayList<>();
    for (Path file : Oracles.files("statistics", name, ".json")) {
      cases.addAll(Oracles.json(file).get("cases").values());
    }
    assertThat(cases).isNotEmpty();
    return cases;
  }

  private static float[][] rows(double[] values, int width) {
    float[][] rows = new float[values.length / width][width];
    for (int i = 0; i < values.length; i++) {
      rows[i / width][i % width] = (float) values[i];
    }
    return rows;
  }

  private static void assertClose(
      double actual, double expected, double relative, double absolute) {
    assertThat(actual).isCloseTo(expected, within(absolute + relative * Math.abs(expected)));
  }
}
