package org.bitatlas.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bitatlas.study.FakeStudies;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
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
  @CsvSource({"1280,false", "1280,true", "390,false", "390,true"})
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

  private static void assertNothingSticksOut(int width) throws Exception {
    JsonNode scroll = browser.evaluate("document.documentElement.scrollWidth");
    assertThat(scroll.intValue()).isLessThanOrEqualTo(width);
  }

  private static String text(String selector) throws Exception {
    return browser.evaluate("document.querySelector('" + selector + "').innerText").stringValue();
  }
}
