package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.bitatlas.kernel.KernelChoice;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.model.Phase;
import org.bitatlas.study.bench.BenchResult;
import org.bitatlas.study.bench.BenchRun;
import org.bitatlas.study.bench.Limits;
import org.bitatlas.study.bench.PhaseTimes;
import org.bitatlas.study.bench.Sample;
import org.bitatlas.study.bench.SchemeFacts;
import org.bitatlas.study.bench.SchemeResult;
import org.bitatlas.tensor.ElementType;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SpeedReportTest {

  private static final long MILLISECOND = 1_000_000;

  @TempDir Path folder;

  /** Three rounds; the second is the slowest and the third the fastest. */
  static BenchResult result() {
    Map<ElementType, Double> peaks = Map.of(ElementType.F32, 1e11);
    BenchRun run =
        new BenchRun(
            "a </script> shape",
            "random weights",
            1_000_000,
            4,
            100,
            10,
            5,
            2,
            new LinkedHashMap<>(new TreeMap<>(Map.of("processor", "Test"))),
            List.of(new Limits(1e10, peaks), new Limits(1e10, peaks), new Limits(1e10, peaks)));
    SchemeFacts half =
        new SchemeFacts(
            "bf16",
            "float",
            "float",
            "float: BF16",
            ElementType.BF16,
            2_500_000,
            2_000_000,
            400_000,
            2_500_000,
            64);
    SchemeFacts eight =
        new SchemeFacts(
            "w8a8",
            "weights 8 bits",
            "simulated",
            "simulated: 28 layers",
            ElementType.F32,
            1_600_000,
            1_100_000,
            400_000,
            5_000_000,
            64);
    return new BenchResult(
        run,
        List.of(
            new SchemeResult(
                half, run, List.of(sample(20, 10), sample(40, 20), sample(10, 5)), List.of()),
            new SchemeResult(
                eight,
                run,
                List.of(sample(10, 20), sample(20, 40), sample(5, 10)),
                List.of(
                    new KernelTrace.Use(
                        "down_proj",
                        8,
                        16,
                        new KernelChoice("s8 x s8 -> s32", "oneDNN", "avx512"),
                        3,
                        300,
                        MILLISECOND)))));
  }

  private static Sample sample(long linear, long other) {
    Map<Phase, Long> times =
        Map.of(Phase.LINEAR, linear * MILLISECOND, Phase.OTHER, other * MILLISECOND);
    return new Sample(new PhaseTimes(times), new PhaseTimes(times), OptionalLong.empty());
  }

  @Test
  void theJsonHasMediansFractionsAndPhasesThatAddUp() throws Exception {
    Path file = folder.resolve("bench.json");
    SpeedReport.writeJson(result(), file);
    JsonNode root = JsonMapper.builder().build().readTree(Files.readString(file));

    assertThat(root.get("schemaVersion").intValue()).isEqualTo(1);
    assertThat(root.get("rounds").intValue()).isEqualTo(3);
    assertThat(root.at("/limits/readBytesPerSecond/median").doubleValue()).isEqualTo(1e10);
    assertThat(root.at("/limits/operationsPerSecond/F32/median").doubleValue()).isEqualTo(1e11);
    assertThat(root.at("/limits/operationsPerSecond").has("I8")).isFalse();
    JsonNode half = root.at("/schemes/0");
    JsonNode eight = root.at("/schemes/1");
    assertThat(half.get("scheme").stringValue()).isEqualTo("bf16");
    assertThat(eight.get("execution").stringValue()).isEqualTo("simulated");
    assertThat(half.at("/prefillTokensPerSecond/median").doubleValue())
        .isCloseTo(100 / 0.030, within(1e-6));
    assertThat(half.at("/decodeTokensPerSecond/high").doubleValue())
        .isCloseTo((5 / 0.030 + 5 / 0.015) / 2, within(1e-6));
    // 2 x 1e6 weights x 100 tokens in 10 ms are 2e10 a second.
    assertThat(eight.at("/linearsOfPeak/median").doubleValue()).isCloseTo(0.2, within(1e-9));
    assertThat(half.has("linearsOfPeak")).isFalse();
    assertThat(half.has("peakMemoryBytes")).isFalse();
    assertThat(half.get("tableBytes").longValue()).isEqualTo(400_000);
    assertThat(half.get("otherBytes").longValue()).isEqualTo(100_000);
    assertThat(half.get("cacheBytesPerToken").longValue()).isEqualTo(64);
    assertThat(half.get("bytesReadPerToken").longValue()).isEqualTo(2_500_000 + 64 * 13);
    assertThat(half.at("/decodeOfBandwidth/median").doubleValue())
        .isCloseTo((2_500_000 + 64 * 13) * 5 / 0.030 / 1e10, within(1e-9));
    double sum = 0;
    for (JsonNode phase : half.at("/prefill/phases")) {
      sum += phase.doubleValue();
    }
    assertThat(half.at("/prefill/phases").size()).isEqualTo(Phase.values().length);
    assertThat(sum).isCloseTo(half.at("/prefill/seconds").doubleValue(), within(1e-12));
    assertThat(half.at("/prefill/seconds").doubleValue()).isCloseTo(0.030, within(1e-12));
    assertThat(half.get("rounds")).hasSize(3);
    assertThat(eight.at("/kernels/0/types").stringValue()).isEqualTo("s8 x s8 -> s32");
  }

  @Test
  void thePageHoldsTheNumbersAndLoadsNothing() throws Exception {
    Path file = folder.resolve("bench.html");
    SpeedReport.writePage(result(), file);
    Document page = Jsoup.parse(Files.readString(file));

    for (String id : List.of("schemes", "limits", "time", "run")) {
      assertThat(page.select("section#" + id + " > h2")).as(id).hasSize(1);
      assertThat(page.select("nav a[href=#" + id + "]")).as(id).hasSize(1);
    }
    assertThat(page.select("[src], link")).isEmpty();
    assertThat(page.select("h1 span").text()).isEqualTo("a </script> shape");
    assertThat(page.select("#schemes tbody tr")).hasSize(2);
    assertThat(page.select("#schemes tbody tr").get(1).text())
        .startsWith("w8a8 simulated 1.6 1.1 3333 [2500, 5000] 20 30.00");
    assertThat(page.select("#time tbody tr").first().text()).startsWith("bf16 30.00 66.7");
    assertThat(page.select("#limits dt").eachText())
        .containsExactly("Memory read, not written", "oneDNN, packed weights, F32");
    assertThat(page.selectFirst("script#data").data()).contains("\\u003c/script\\u003e");
  }
}
