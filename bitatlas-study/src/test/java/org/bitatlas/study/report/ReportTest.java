package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.bitatlas.study.FakeStudies;
import org.bitatlas.study.FakeWorkbench;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.target.TargetCatalog;
import org.bitatlas.tensor.BitAtlasException;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReportTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir static Path folder;
  private static String html;
  private static Document page;
  private static String markdown;
  private static JsonNode json;

  @BeforeAll
  static void write() throws Exception {
    Report.Written files = Report.write(FakeStudies.map(folder, 12), folder);
    html = Files.readString(files.html());
    page = Jsoup.parse(html);
    markdown = Files.readString(files.markdown());
    json = JSON.readTree(Files.readString(files.json()));
  }

  @Test
  void theHeadlineSaysTheAnswerOfTheRecommendationBesideItsOwn(@TempDir Path folder) {
    AccuracyMap map = FakeStudies.map(folder, 20);
    Map<String, String> headline = Headline.of(map).getFirst();

    assertThat(headline.get("byTask"))
        .contains("as the command recommend asks (a drop of 2.0 points)")
        .containsPattern("none qualifies; .* misses least|the smallest that qualifies is ");
  }

  @Test
  void thePageHasEverySection() {
    for (String id :
        new String[] {
          "targets",
          "findings",
          "checks",
          "memory",
          "verdicts",
          "tasks",
          "layers",
          "recipes",
          "cells",
          "run"
        }) {
      assertThat(page.select("section#" + id + " > h2")).as(id).hasSize(1);
      assertThat(page.select("nav a[href=#" + id + "]")).as(id).hasSize(1);
    }
    assertThat(page.select("html").attr("lang")).isEqualTo("en");
    assertThat(page.select("#checks li")).hasSize(10);
    assertThat(page.select("#run dt").eachText()).contains("Model", "Weights", "Machine", "Margin");
    assertThat(page.select("figure > div > table.strip")).hasSize(8);
  }

  @Test
  void whatToUseStandsThereForEveryTargetWithMeasuredAndPredictedApart() {
    assertThat(page.select("#targets tbody tr")).hasSize(TargetCatalog.NAMES.size());
    assertThat(page.select("#targets tbody th").eachText())
        .allMatch(text -> TargetCatalog.NAMES.stream().anyMatch(text::startsWith));
    assertThat(page.select("#targets tbody tr").eachText())
        .allMatch(text -> text.contains("predicted: at most ") != text.contains("measured: "));
    assertThat(page.select("#targets .note").text()).contains("nothing ran on an NPU");
    assertThat(markdown).contains("## What to use on which machine", "| ascend-910b | ");
    JsonNode target = json.at("/targets/0");
    assertThat(target.get("target").stringValue()).isEqualTo(TargetCatalog.NAMES.getFirst());
    assertThat(target.get("predictedBytes").doubleValue()).isPositive();
    assertThat(page.html()).doesNotContain("hidden_size");
  }

  @Test
  void theFindingsStandOnPageMarkdownAndJsonWithTheirEvidence() {
    assertThat(page.select("#findings > ul > li")).hasSize(8);
    Element eight = page.getElementById("finding-eight-bits-lossless");
    assertThat(eight.select(".answer").text()).isEqualTo("? not enough data");
    assertThat(eight.select(".missing").text()).startsWith("Missing: ");
    assertThat(eight.select("table.evidence tbody tr").size()).isGreaterThan(10);
    assertThat(eight.select("table.evidence code").first().text()).hasSize(12);
    assertThat(markdown).contains("## Findings of the papers", "lossless on every task: **");
    JsonNode finding = json.at("/findings/0");
    assertThat(finding.propertyNames())
        .contains("id", "source", "statement", "answer", "sentence", "test", "missing");
    assertThat(finding.at("/evidence/0/records/0").stringValue()).hasSize(64);
  }

  @Test
  void theHeatMapHasOneCellPerCombinationAndEachLeadsToItsRowAndSamples() {
    JsonNode data = JSON.readTree(page.selectFirst("script#data").data());
    // An order that the next JVM has as well: verify compares pages byte for byte.
    assertThat(data.at("/columns/0").propertyNames()).containsExactly("label", "metric");
    assertThat(page.select("table.heat tbody tr")).hasSize(9);
    assertThat(page.select("table.heat tbody td")).hasSize(9 * 14);
    for (Element link : page.select("table.heat a")) {
      String[] place = link.attr("data-cell").split("-");
      assertThat(page.getElementById(link.attr("href").substring(1))).isNotNull();
      JsonNode cell = data.at("/rows/" + place[0] + "/cells/" + place[1]);
      if (!cell.get("state").stringValue().equals("SKIPPED")) {
        assertThat(page.getElementById(cell.get("pack").stringValue())).isNotNull();
      }
    }
  }

  @Test
  void everyRowHasAVerdictOverAllTasksAndTheNoiseStandsBelow() {
    assertThat(page.select("#verdicts table").getFirst().select("tbody tr")).hasSize(8);
    assertThat(page.select("#verdicts table").getFirst().select("tbody tr td.text").eachText())
        .contains("non-inferior", "8 tasks broken");
    assertThat(page.select("#verdicts h3").eachText()).containsExactly("Float against itself");
    assertThat(page.select("#verdicts table").getLast().select("tbody tr")).hasSize(10);
    assertThat(markdown).contains("## Verdict over all tasks", "Float against itself");
    assertThat(json.at("/rows/1/pooled").propertyNames())
        .contains("tasks", "verdict", "verdictAlone", "worseHolm", "ratioLow", "detectable");
    assertThat(json.at("/noise/0/columns")).hasSize(14);
  }

  @Test
  void repliesThatBreakDownAreMeasuredEvenInCellsThatStoppedEarly() {
    assertThat(page.select("#collapse tbody tr")).hasSize(11 + 8 * 8);
    Element broken =
        page.select("#collapse tbody tr").stream()
            .filter(line -> line.text().startsWith("RTN W2 gsm_nano slow_think"))
            .findFirst()
            .orElseThrow();
    assertThat(broken.select("td").eachText().subList(1, 6))
        .containsExactly("4", "100.0", "[51.0, 100.0]", "0.125", "12");
    assertThat(markdown).contains("## How replies break down");
    assertThat(json.at("/cells/0/collapse").propertyNames())
        .contains("rate", "rateHigh", "lengthRatioP95", "lost");
  }

  @Test
  void statesAreWordsNotColoursOnly() {
    assertThat(page.select("table.heat td.broken .state").eachText()).containsOnly("COLLAPSED");
    assertThat(page.select("table.heat td.absent .state").eachText()).containsOnly("SKIPPED");
    assertThat(page.select("table.heat td.absent")).hasSize(9 * 2 + 8 * 3);
  }

  @Test
  void samplesUnpackToWhatTheModelWrote() throws Exception {
    String base64 = page.selectFirst("script#samples-0-0").data();
    byte[] bytes =
        new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(base64.strip())))
            .readAllBytes();
    JsonNode pack = JSON.readTree(new String(bytes, StandardCharsets.UTF_8));
    assertThat(pack.get("items")).hasSize(12);
    assertThat(pack.at("/items/0/1").stringValue()).endsWith(FakeWorkbench.HOSTILE);
    assertThat(pack.get("rows")).hasSize(9);
    assertThat(pack.at("/rows/0")).hasSize(12);
    assertThat(pack.at("/rows/4")).as("a collapsed row asks fewer items").hasSize(12);
    assertThat(pack.at("/rows/4/11")).isEmpty();
  }

  @Test
  void nothingIsLoadedFromAnywhere() {
    assertThat(page.select("[src], link[href], iframe, object, embed, img")).isEmpty();
    assertThat(page.select("a[href]").eachAttr("href")).allMatch(href -> href.startsWith("#"));
    assertThat(page.select("meta[http-equiv=Content-Security-Policy]").attr("content"))
        .startsWith("default-src 'none'");
    assertThat(page.select("style").html()).doesNotContain("url(", "@import");
  }

  @Test
  void hostileTextStaysText() {
    assertThat(page.select("script")).as("data, packs, charts, script").hasSize(2 + 12 + 1);
    assertThat(html).doesNotContain("<script>alert", "<img src=x");
    assertThat(page.select("#cells small").eachText())
        .anyMatch(text -> text.contains("</script><script>alert(1)</script>"))
        .anyMatch(text -> text.contains("{{ 7*7 }} {% raw %}"));
    assertThat(markdown).doesNotContain("<script", "<img");
    assertThat(ScriptJson.of(FakeWorkbench.HOSTILE)).doesNotContain("<", ">", "&", "\u2028");
  }

  @Test
  void thePageStaysSmall() {
    assertThat(html.getBytes(StandardCharsets.UTF_8).length).isLessThan(8_000_000);
  }

  @Test
  void everyRecipeHasItsMeasuresPerLayerWithoutAScript() {
    Element figure = page.select("figure").getLast();
    assertThat(figure.select("figcaption").text()).startsWith("GPTQ W2 Relative output error");
    assertThat(figure.select("details .caption strong").eachText())
        .containsExactly(
            "Relative weight error, %",
            "Outliers: max / RMS",
            "Outliers: kurtosis",
            "Salience, %",
            "Clipping: codes at the ends, %",
            "Clipping: range cut off, %",
            "Damping used");
    assertThat(figure.select(".measure table"))
        .as("all but one that is the same everywhere")
        .hasSize(6);
    assertThat(figure.select(".caption").eachText())
        .anyMatch(text -> text.endsWith("0 % in every layer"));
    Element damping = figure.select(".measure").getLast().selectFirst("td[title^=block 5 down]");
    assertThat(damping.attr("title")).isEqualTo("block 5 down_proj: 1.000");
    assertThat(damping.text()).isEqualTo("1.0");
    assertThat(damping.className()).isEqualTo("e5");
    assertThat(figure.select(".remark").eachText())
        .hasSize(3)
        .anyMatch(text -> text.startsWith("Fallback in model.layers.5.mlp.down_proj: rounded"))
        .contains("Inputs that are NaN or infinite: 1 in model.layers.5.mlp.down_proj.");
    assertThat(page.select("details script, details [onclick]")).isEmpty();
  }

  @Test
  void theRecipesAreShownWithProfileQuirksAndPosition() {
    assertThat(page.select(".recipes tbody tr")).hasSize(8);
    assertThat(page.select(".recipes tbody tr").getFirst().select("td").eachText())
        .startsWith("rtn", "reference", "off", "quantized");
    assertThat(page.select(".recipes .options").getFirst().text())
        .contains("bits 8", "grid quarot-sym", "embedding float");
    assertThat(markdown).contains("## Recipes", "profile").containsPattern("GPTQ W2 .*reference");
  }

  @Test
  void bothSizesStandBesideEachOther() {
    assertThat(page.select("#memory thead th").eachText())
        .containsSequence("Whole model", "Linear layers");
    assertThat(markdown).containsPattern("whole \\| +linear");
    assertThat(json.at("/rows/1").propertyNames()).contains("modelBytes", "linearBytes");
  }

  @Test
  void aMissingPartOfThePageIsNamed() {
    assertThatThrownBy(() -> HtmlReport.resource("absent.css"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("absent.css")
        .hasMessageContaining("the records are safe");
  }

  @Test
  void markdownHasEveryRowAndColumn() {
    assertThat(markdown).contains("# Accuracy map: default", "| GPTQ W3", "COLLAPSED", "SKIPPED");
    assertThat(markdown).contains("gsm_nano slow_think", "wikitext_nano", "## Checks");
  }

  @Test
  void jsonHasAStableSchema() {
    assertThat(json.get("schemaVersion").intValue()).isEqualTo(1);
    assertThat(json.get("rows")).hasSize(9);
    assertThat(json.get("cells")).hasSize(9 * 14);
    assertThat(json.at("/rows/1/layers")).hasSize(42);
    assertThat(json.at("/rows/1/options/quirks").stringValue()).isEqualTo("off");
    JsonNode cell = json.get("cells").get(14);
    assertThat(cell.propertyNames())
        .contains("key", "state", "primary", "low", "high", "verdict", "delta", "mcnemar")
        .contains("churned", "worseHolm", "noise", "ratio", "ratioLow", "itemsPerSecond");
    assertThat(json.get("checks").get(0).propertyNames())
        .contains("statement", "answer", "numbers");
  }
}
