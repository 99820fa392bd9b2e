package org.bitatlas.study.platform;

import java.util.List;
import java.util.Locale;
import org.bitatlas.study.platform.PlatformRanking.Ranked;

/** The rankings of a map in Markdown; nothing for a map of one platform. */
public final class PlatformMarkdown {
  private PlatformMarkdown() {}

  /** The section with its heading, or an empty text. */
  public static String of(List<PlatformRanking> rankings) {
    if (rankings.isEmpty()) {
      return "";
    }
    StringBuilder out = new StringBuilder("\n## Ranks across platforms\n");
    for (PlatformRanking ranking : rankings) {
      out.append(
          String.format(
              Locale.ROOT,
              "%n%s on *%s* and on *%s*. %s %s%n%n",
              cell(ranking.model()),
              cell(ranking.first()),
              cell(ranking.second()),
              cell(PlatformWords.summary(ranking)),
              cell(PlatformWords.rule(ranking))));
      out.append(
          "| setting | rank on the first | on the second | second minus first, points | order |\n");
      out.append("|:--|--:|--:|--:|:--|\n");
      for (Ranked setting : ranking.settings()) {
        out.append(
            String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s |%n",
                cell(setting.setting()),
                PlatformWords.ranks(setting.first()),
                PlatformWords.ranks(setting.second()),
                PlatformWords.difference(setting),
                cell(PlatformWords.order(setting))));
      }
    }
    return out.toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;");
  }
}
