package org.bitatlas.study.platform;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitatlas.study.platform.PlatformRanking.Ranked;
import org.bitatlas.study.platform.PlatformRanking.Ranks;
import org.bitatlas.study.platform.PlatformRanking.Stability;

/** A ranking in words, as both reports have them. */
public final class PlatformWords {
  private PlatformWords() {}

  /** How settings are ordered, and on what. */
  public static String rule(PlatformRanking ranking) {
    return String.format(
        Locale.ROOT,
        "Over the items of %s that both asked. Two settings are ordered where the %.2f %% interval"
            + " of their paired difference leaves 0 out (5 %% for all of them together); a rank is"
            + " the range that this order allows.",
        String.join(", ", ranking.columns()),
        100 * ranking.confidence());
  }

  /** Which settings keep their rank, which do not, and of which it is not known. */
  public static String summary(PlatformRanking ranking) {
    return sentence(ranking, Stability.KEEPS, "keep their rank")
        + " "
        + sentence(ranking, Stability.CHANGES, "change it")
        + " "
        + sentence(ranking, Stability.NOT_ENOUGH_DATA, "have not enough data");
  }

  private static String sentence(PlatformRanking ranking, Stability stability, String what) {
    List<String> names =
        ranking.settings().stream()
            .filter(setting -> setting.stability() == stability)
            .map(Ranked::setting)
            .toList();
    String listed =
        names.isEmpty() ? "" : names.stream().collect(Collectors.joining(", ", ": ", ""));
    return "%d of %d %s%s.".formatted(names.size(), ranking.settings().size(), what, listed);
  }

  /** Ranks that a setting may have; a dash where it has none. */
  public static String ranks(Ranks ranks) {
    if (ranks.worst() == 0) {
      return "–";
    }
    return ranks.best() == ranks.worst()
        ? Integer.toString(ranks.best())
        : ranks.best() + " to " + ranks.worst();
  }

  /** Accuracy on the second platform minus that on the first, in points, with its interval. */
  public static String difference(Ranked setting) {
    return Double.isNaN(setting.difference())
        ? "–"
        : String.format(
            Locale.ROOT,
            "%+.1f [%.1f, %.1f]",
            100 * setting.difference(),
            100 * setting.interval().low(),
            100 * setting.interval().high());
  }

  /** What became of a setting. */
  public static String order(Ranked setting) {
    return switch (setting.stability()) {
      case KEEPS ->
          "keeps its rank: ordered alike against %d, reversed against none"
              .formatted(setting.alike().size());
      case CHANGES ->
          setting.reversed().isEmpty()
              ? "changes: broken on one platform only"
              : "changes: reversed against " + String.join(", ", setting.reversed());
      case NOT_ENOUGH_DATA -> "not enough data: ordered against no other on both";
    };
  }
}
