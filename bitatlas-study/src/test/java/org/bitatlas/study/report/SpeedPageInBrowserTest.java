package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Looks at the page of a bench in a real browser, as {@link PageInBrowserTest} at the map. */
@Tag("browser")
class SpeedPageInBrowserTest {
  @TempDir(cleanup = CleanupMode.NEVER)
  static Path folder;

  private static Path page;
  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    page = folder.resolve("bench.html");
    SpeedReport.writePage(SpeedReportTest.result(), page);
    browser = new Browser(PageInBrowserTest.executable(), folder.resolve("profile"));
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
    browser.waitUntil("document.querySelectorAll('#chart-decode svg path').length > 1");
    assertThat(browser.evaluate("document.documentElement.scrollWidth").intValue())
        .isLessThanOrEqualTo(width);
    assertThat(browser.evaluate("document.querySelectorAll('#schemes tbody tr').length").intValue())
        .isEqualTo(2);
    int ink =
        browser
            .evaluate(
                "getComputedStyle(document.body).color.match(/\\d+/g).slice(0, 3)"
                    + ".reduce((sum, part) => sum + Number(part), 0)")
            .intValue();
    assertThat(ink > 3 * 128).as("light text on a dark page").isEqualTo(dark);
    browser.screenshot(
        Path.of("target", "browser", "speed-" + width + (dark ? "-dark" : "-light") + ".png"));
    assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
    assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
    assertThat(browser.events("Log.entryAdded")).isEmpty();
    assertThat(browser.events("Network.requestWillBeSent"))
        .extracting(event -> event.at("/params/request/url").stringValue())
        .allMatch(
            url -> url.startsWith("file:") || url.startsWith("data:") || url.startsWith("blob:"));
  }
}
