package org.bitatlas.study.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.study.platform.PlatformRanking;
import org.bitatlas.study.platform.PlatformRanking.Ranked;
import org.bitatlas.study.platform.PlatformWords;

/**
 * Which settings keep their rank from one platform to another, as the page's template prints it.
 */
final class PlatformView {
  private PlatformView() {}

  /** One entry per pair of platforms of a model; none for a map of one platform. */
  static List<Map<String, Object>> of(List<PlatformRanking> rankings) {
    return rankings.stream().map(PlatformView::ranking).toList();
  }

  private static Map<String, Object> ranking(PlatformRanking ranking) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", ranking.model() + ": " + ranking.first() + " and " + ranking.second());
    view.put("first", ranking.first());
    view.put("second", ranking.second());
    view.put("summary", PlatformWords.summary(ranking));
    view.put("rule", PlatformWords.rule(ranking));
    view.put("settings", ranking.settings().stream().map(PlatformView::setting).toList());
    return view;
  }

  private static Map<String, String> setting(Ranked setting) {
    return Map.of(
        "name", setting.setting(),
        "first", PlatformWords.ranks(setting.first()),
        "second", PlatformWords.ranks(setting.second()),
        "difference", Figures.withMinus(PlatformWords.difference(setting)),
        "order", PlatformWords.order(setting));
  }
}
