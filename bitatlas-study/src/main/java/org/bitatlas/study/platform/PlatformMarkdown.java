package org.bitatlas.study.platform;

import java.util.List;
import java.util.Locale;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.platform.PlatformRanking.Ranked;
import org.bitatlas.study.platform.PlatformRanking.Ranks;

/** The rankings of a map in Markdown; nothing for a map of one platform. */
public final class PlatformMarkdown {
  private PlatformMarkdown() {}

  /** The section with its heading, or an empty text. */
  public static String of(AccuracyMap map) {
    List<PlatformRanking> rankings = PlatformRanking.of(map);
    if (rankings.isEmpty()) {
      return "";
    }
    StringBuilder out = new StringBuilder("\n## Ranks across platforms\n");
    for (PlatformRanking ranking : rankings) {
      out.append(
          String.format(
              Locale.ROOT,
              "%n%s on *%s* and on *%s*, over the items of %s that both asked. Two settings are"
                  + " ordered where the %.2f %% interval of their paired difference leaves 0 out (5"
                  + " %% for all of them together); a rank is the range that this order"
                  + " allows.%n%n",
              cell(ranking.model()),
              cell(ranking.first()),
              cell(ranking.second()),
              String.join(", ", ranking.columns().stream().map(PlatformMarkdown::cell).toList()),
              100 * ranking.confidence()));
      out.append(
          "| setting | rank on the first | on the second | second minus first, points | order |\n");
      out.append("|:--|--:|--:|--:|:--|\n");
      for (Ranked setting : ranking.settings()) {
        out.append(
            String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s |%n",
                cell(setting.setting()),
                ranks(setting.first()),
                ranks(setting.second()),
                difference(setting),
                words(setting)));
      }
    }
    return out.toString();
  }

  private static String ranks(Ranks ranks) {
    if (ranks.worst() == 0) {
      return "–";
    }
    return ranks.best() == ranks.worst()
        ? Integer.toString(ranks.best())
        : ranks.best() + " to " + ranks.worst();
  }

  private static String difference(Ranked setting) {
    return Double.isNaN(setting.difference())
        ? "–"
        : String.format(
            Locale.ROOT,
            "%+.1f [%.1f, %.1f]",
            100 * setting.difference(),
            100 * setting.interval().low(),
            100 * setting.interval().high());
  }

  private static String words(Ranked setting) {
    return switch (setting.stability()) {
      case KEEPS ->
          "keeps its rank: ordered alike against %d, reversed against none"
              .formatted(setting.alike().size());
      case CHANGES ->
          setting.reversed().isEmpty()
              ? "changes: broken on one platform only"
              : "changes: reversed against "
                  + String.join(
                      ", ", setting.reversed().stream().map(PlatformMarkdown::cell).toList());
      case NOT_ENOUGH_DATA -> "not enough data: ordered against no other on both";
    };
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;");
  }
}
