package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.study.findings.Finding;
import org.bitatlas.study.map.Check;

/** The papers' findings with this study's answers, as page and Markdown show them. */
final class FindingView {
  private static final int KEY = 12;
  private static final int SHOWN = 3;

  private FindingView() {}

  /** One entry per finding. */
  static List<Map<String, Object>> of(List<Finding> findings) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (Finding finding : findings) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("id", finding.id());
      entry.put("statement", finding.statement());
      entry.put("source", finding.source());
      entry.put("answer", answer(finding.answer()));
      entry.put("kind", kind(finding.answer()));
      entry.put("sentence", signed(finding.sentence()));
      entry.put("test", finding.test());
      entry.put("shortly", missing(finding).strip());
      entry.put("missing", finding.missing());
      int parts = finding.evidence().size();
      entry.put(
          "summary",
          parts == 0
              ? "Test"
              : "Test and evidence in " + parts + (parts == 1 ? " part" : " parts"));
      entry.put("evidence", finding.evidence().stream().map(FindingView::part).toList());
      all.add(entry);
    }
    return all;
  }

  private static Map<String, Object> part(Finding.Evidence part) {
    return Map.of(
        "subject", part.subject(),
        "answer", answer(part.answer()),
        "figures", signed(part.figures()),
        "records", part.records().stream().map(FindingView::shortened).toList());
  }

  /** With the sign of negative numbers as the other figures of the page have it. */
  private static String signed(String text) {
    return text.replaceAll("(?<![\\w.])-(?=\\d)", "−");
  }

  /** An answer as a badge: a sign and words, so that it is not told by colour alone. */
  static String answer(Check.Answer answer) {
    return switch (answer) {
      case YES -> "\u2713 yes";
      case NO -> "\u2717 no";
      case NOT_ENOUGH_DATA -> "? not enough data";
    };
  }

  /** Class of the badge. */
  static String kind(Check.Answer answer) {
    return switch (answer) {
      case YES -> "yes";
      case NO -> "no";
      case NOT_ENOUGH_DATA -> "open";
    };
  }

  /** What is missing, as the end of a sentence; empty where nothing is. */
  static String missing(Finding finding) {
    return finding.missing().isEmpty() ? "" : " Missing: " + listed(finding.missing(), "; ") + ".";
  }

  /** The first records that the answer rests on, as the end of a bracket; empty without any. */
  static String records(Finding finding) {
    List<String> keys = finding.records().stream().map(FindingView::shortened).toList();
    return keys.isEmpty() ? "" : "; records " + listed(keys, ", ");
  }

  private static String listed(List<String> texts, String separator) {
    return texts.size() <= SHOWN
        ? String.join(separator, texts)
        : String.join(separator, texts.subList(0, SHOWN))
            + " and "
            + (texts.size() - SHOWN)
            + " more";
  }

  /** The beginning of a record's key, which commands take in its place. */
  static String shortened(String key) {
    return key.substring(0, Math.min(KEY, key.length()));
  }
}
