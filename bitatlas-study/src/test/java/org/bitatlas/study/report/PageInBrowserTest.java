package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.bitatlas.study.FakeStudies;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.platform.RecordMerge;
import org.bitatlas.study.recommendation.SyntheticStudy;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Looks at the page in a real browser: {@code ./mvnw test -Pbrowser -pl bitatlas-study -am}. */
@Tag("browser")
class PageInBrowserTest {
  @TempDir(cleanup = CleanupMode.NEVER)
  static Path folder;

  private static Path page;
  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    page = Report.write(FakeStudies.map(folder, 60), folder).html();
    browser = new Browser(executable(), folder.resolve("profile"));
  }

  static String executable() throws Exception {
    Process script =
        new ProcessBuilder(System.getProperty("bitatlas.root") + "/script/browser.sh")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String path =
        new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(script.waitFor()).as("script/browser.sh").isZero();
    return path;
  }

  @AfterAll
  static void stop() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"1280,false", "1280,true", "360,false", "360,true"})
  void thePageWorks(int width, boolean dark) throws Exception {
    browser.open(page.toUri(), width, dark);
    browser.waitUntil("document.querySelectorAll('#chart svg path').length > 10");
    assertNothingSticksOut(width);
    String name = "map-" + width + (dark ? "-dark" : "-light");
    browser.screenshot(Path.of("target", "browser", name + ".png"));

    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
    browser.evaluate("document.querySelector('#layers').scrollIntoView({behavior: 'instant'})");
    assertThat(browser.evaluate("document.querySelector('.measure td').offsetWidth").intValue())
        .isPositive();
    assertNothingSticksOut(width);
    browser.screenshot(Path.of("target", "browser", name + "-layers.png"));

    browser.evaluate("document.querySelector('a[data-cell=\"3-2\"]').click()");
    browser.waitUntil("document.querySelectorAll('#samples .sample').length > 0");
    assertThat(browser.evaluate("document.getElementById('samples').open").booleanValue()).isTrue();
    assertThat(text("#samples-title")).isEqualTo("RTN W3 on chain_nano slow_think");
    assertThat(text("#samples-list")).contains("Prompt", "Expected", "float", "[unused17]");
    assertThat(text("#samples-list")).contains("<script>alert(1)</script>");
    browser.evaluate("document.querySelector('input[value=wrong]').click()");
    assertThat(
            browser
                .evaluate(
                    "document.querySelectorAll('#samples .sample h3 > .right:not(.flip)').length")
                .intValue())
        .isZero();
    assertNothingSticksOut(width);
    browser.screenshot(Path.of("target", "browser", name + "-samples.png"));

    assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
    assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
    assertThat(browser.events("Log.entryAdded")).isEmpty();
    assertThat(browser.events("Network.requestWillBeSent"))
        .extracting(event -> event.at("/params/request/url").stringValue())
        .allMatch(
            url -> url.startsWith("file:") || url.startsWith("data:") || url.startsWith("blob:"));
  }

  /** Two machines that order two settings differently, in a wide and in a narrow window. */
  @ParameterizedTest
  @CsvSource({"1280", "360"})
  void ranksAcrossPlatformsAreATableThatStaysInTheWindow(int width) throws Exception {
    Path merged = folder.resolve("platforms-" + width);
    try (RunStore out = RunStore.open(merged)) {
      RecordMerge merge = new RecordMerge(out);
      for (String platform : List.of("Xeon", "Ascend 910B")) {
        try (RunStore store = RunStore.open(merged.resolve(platform))) {
          boolean first = platform.equals("Xeon");
          new SyntheticStudy(platform, 400)
              .floats("chain_nano", i -> i % 10 != 0)
              .row(Map.of("method", "rtn", "bits", 4), "chain_nano", i -> first == (i % 10 < 7))
              .row(Map.of("method", "gptq", "bits", 4), "chain_nano", i -> first == (i % 10 > 7))
              .write(store);
          merge.add(store);
        }
      }
      Path drawn =
          Report.write(AccuracyMap.of(out, StudySpec.defaultSpec()), merged.resolve("page")).html();
      browser.open(drawn.toUri(), width, false);
    }
    assertThat(text("#platforms")).contains("2 of 3 change it", "Rank on Ascend 910B");
    assertNothingSticksOut(width);
    assertThat(browser.evaluate("document.querySelector('#platforms .scroll').tabIndex").intValue())
        .isZero();
    browser.evaluate(
        "document.querySelector('#platforms table').tHead.rows[0].cells[1]"
            + ".querySelector('button').focus()");
    browser.press("Enter");
    assertThat(
            browser
                .evaluate(
                    "document.querySelector('#platforms table').tHead.rows[0].cells[1].ariaSort")
                .stringValue())
        .isEqualTo("ascending");
    assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
  }

  @Test
  void tablesAreSortedAndCopiedByKeyboard() throws Exception {
    browser.open(page.toUri(), 1280, false);
    String table = "document.querySelector('#memory table')";
    browser.evaluate(table + ".tHead.rows[0].cells[5].querySelector('button').focus()");
    browser.press("Enter");
    assertThat(browser.evaluate(table + ".tHead.rows[0].cells[5].ariaSort").stringValue())
        .isEqualTo("ascending");
    JsonNode sizes =
        browser.evaluate(
            "[...%s.tBodies[0].rows].map(r => parseFloat(r.cells[5].innerText))".formatted(table));
    for (int i = 1; i < sizes.size(); i++) {
      assertThat(sizes.get(i).doubleValue()).isGreaterThanOrEqualTo(sizes.get(i - 1).doubleValue());
    }
    browser.press("Enter");
    assertThat(browser.evaluate(table + ".tHead.rows[0].cells[5].ariaSort").stringValue())
        .isEqualTo("descending");
    browser.evaluate(
        "window.taken = []; navigator.clipboard.writeText = async t => { taken.push(t); }");
    browser.evaluate(
        "document.querySelectorAll('#memory .tools button').forEach(button => button.click())");
    browser.waitUntil("taken.length === 2");
    JsonNode taken = browser.evaluate("taken");
    assertThat(taken.get(0).stringValue())
        .startsWith("| Model | Mean accuracy, % |")
        .contains(":--|");
    assertThat(taken.get(1).stringValue())
        .startsWith("Model,\"Mean accuracy, %\",95 % interval")
        .contains("RTN W4,");
    assertThat(text("#copied")).contains("copied as");
  }

  @Test
  void everythingHasANameAndCanBeReachedByKeyboard() throws Exception {
    browser.open(page.toUri(), 1280, false);
    assertThat(
            browser
                .evaluate(
                    "[...document.querySelectorAll('button, a, select, input')].filter(e =>"
                        + " !(e.textContent.trim() || e.ariaLabel || (e.labels && e.labels.length))"
                        + " && !e.closest('dialog')).length")
                .intValue())
        .isZero();
    assertThat(
            browser
                .evaluate(
                    "[...document.querySelectorAll('table')].filter(t => !t.caption"
                        + " || !t.caption.textContent.trim()).length")
                .intValue())
        .isZero();
    assertThat(
            browser
                .evaluate(
                    "[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])"
                        + ".every((l, i, a) => i === 0 || l - a[i - 1] <= 1)")
                .booleanValue())
        .isTrue();
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.className").stringValue())
        .isEqualTo("skip");
    assertThat(
            browser.evaluate("getComputedStyle(document.activeElement).outlineStyle").stringValue())
        .isEqualTo("solid");
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void textStandsOutFromWhatIsBehindIt(boolean dark) throws Exception {
    browser.open(page.toUri(), 1280, dark);
    JsonNode weak = browser.evaluate(CONTRAST);
    assertThat(weak).as(weak.toString()).isEmpty();
  }

  /** Texts whose contrast to the first opaque background behind them is below 4.5. */
  private static final String CONTRAST =
      """
      (() => {
        const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
        const light = c => {
          const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const weak = new Map();
        for (const e of document.querySelectorAll('main *, header *')) {
          const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
          if (!own || !e.offsetParent || e.closest('svg, caption, .hidden')) continue;
          let back = e;
          while (back && (parse(getComputedStyle(back).backgroundColor)[3] === 0)) back = back.parentElement;
          const a = light(parse(getComputedStyle(e).color));
          const b = light(parse(getComputedStyle(back || document.body).backgroundColor));
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          const name = e.tagName + '.' + e.className + ' in ' + (e.closest('td, th, section') || e).className;
          if (ratio < 4.5) weak.set(name, ratio.toFixed(2));
        }
        return [...weak].map(([name, ratio]) => name + ' ' + ratio);
      })()
      """;

  @Test
  void itPrintsOnPages() throws Exception {
    browser.open(page.toUri(), 1280, false);
    browser.waitUntil("document.querySelectorAll('#chart svg path').length > 10");
    byte[] pdf = browser.print();
    assertThat(new String(pdf, 0, 5, StandardCharsets.US_ASCII)).isEqualTo("%PDF-");
    Files.createDirectories(Path.of("target", "browser"));
    Files.write(Path.of("target", "browser", "map.pdf"), pdf);
    long pages =
        Pattern.compile("/Type\\s*/Page\\b")
            .matcher(new String(pdf, StandardCharsets.ISO_8859_1))
            .results()
            .count();
    assertThat(pages).isBetween(2L, 40L);
  }

  /** What ends right of the window although nothing around it scrolls. */
  private static final String STICKING_OUT =
      """
      (() => [...document.querySelectorAll('body *')].filter(e => {
        if (e.getBoundingClientRect().right <= innerWidth) return false;
        for (let p = e.parentElement; p; p = p.parentElement) {
          const style = getComputedStyle(p);
          if (style.overflowX !== 'visible' && (style.position !== 'static'
              || getComputedStyle(e).position !== 'absolute')) return false;
        }
        return true;
      }).slice(0, 8).map(e => e.tagName + '.' + e.className + ' in '
          + (e.closest('section, table') || e).className + ': ' + e.textContent.slice(0, 40)))()
      """;

  private static void assertNothingSticksOut(int width) throws Exception {
    JsonNode scroll = browser.evaluate("document.documentElement.scrollWidth");
    assertThat(scroll.intValue())
        .as("wide: %s", browser.evaluate(STICKING_OUT))
        .isLessThanOrEqualTo(width);
  }

  private static String text(String selector) throws Exception {
    return browser.evaluate("document.querySelector('" + selector + "').innerText").stringValue();
  }
}
