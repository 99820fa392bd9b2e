package org.bitatlas.study.report;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.objects.SafeString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The map as one HTML page that loads nothing: style, script, chart library and samples are inside,
 * and a content security policy forbids every request. Values reach the template as data and are
 * escaped there; only texts made here ({@link SafeString}) are not.
 */
final class HtmlReport {
  private static final String CHARTS = "/META-INF/resources/webjars/echarts/5.5.0/echarts.min.js";

  private HtmlReport() {}

  static String of(AccuracyMap map, Conclusions conclusions) {
    SamplePack samples = SamplePack.of(map);
    Map<String, Object> values = new LinkedHashMap<>(new PageView(map, conclusions).values());
    values.put("style", new SafeString(resource("map.css")));
    values.put("script", new SafeString(resource("map.js")));
    values.put("charts", charts());
    values.put("data", new SafeString(ScriptJson.of(new PageData(map, samples).values())));
    values.put("packs", packs(samples));
    values.put(
        "cut",
        samples.charactersPerText() == Integer.MAX_VALUE
            ? ""
            : Integer.toString(samples.charactersPerText()));
    return render(resource("map.html.jinja"), values);
  }

  /** The chart library, to stand inside a {@code script} element. */
  static SafeString charts() {
    return new SafeString(resource(CHARTS).replace("</script", "<\\/script"));
  }

  private static List<Map<String, Object>> packs(SamplePack samples) {
    List<Map<String, Object>> packs = new ArrayList<>();
    samples
        .packs()
        .forEach((id, base64) -> packs.add(Map.of("id", id, "base64", new SafeString(base64))));
    return packs;
  }

  /** Fills a template; values are escaped unless they are {@link SafeString}s. */
  static String render(String template, Map<String, Object> values) {
    // Nested interpretation would read template syntax inside a model's output.
    Jinjava jinjava =
        new Jinjava(
            JinjavaConfig.newBuilder()
                .withNestedInterpretationEnabled(false)
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withFailOnUnknownTokens(true)
                .withMaxOutputSize(0)
                .build());
    jinjava.getGlobalContext().setAutoEscape(true);
    RenderResult result = jinjava.renderForResult(template, values);
    if (!result.getErrors().isEmpty()) {
      throw new BitAtlasException(
          "The report page cannot be drawn: " + result.getErrors().getFirst().getMessage() + ".");
    }
    return result.getOutput();
  }

  /**
   * A part of the page.
   *
   * @throws BitAtlasException when this program's files lack it
   */
  static String resource(String name) {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new BitAtlasException(unreadable(name, "it is missing from this program's files"));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BitAtlasException(unreadable(name, e.toString()), e);
    }
  }

  private static String unreadable(String name, String reason) {
    return "The report page cannot be drawn, because its part "
        + name
        + " cannot be read: "
        + reason
        + "; the records are safe, draw it again with the command map.";
  }
}
