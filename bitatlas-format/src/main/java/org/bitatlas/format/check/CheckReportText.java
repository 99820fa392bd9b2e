package org.bitatlas.format.check;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.StringJoiner;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.JsonFile;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A {@link CheckReport} for people and for programs. */
public final class CheckReportText {

  /** Findings of one kind that are told in full. */
  private static final int IN_FULL = 3;

  private CheckReportText() {}

  /**
   * The report in lines: what does not load first, findings of one rule together.
   *
   * @param everything whether each finding is told in full; else the first of a rule, and the
   *     places of the others
   */
  public static String lines(CheckReport report, boolean everything) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s (%s) for %s%n"
            .formatted(
                report.folder(),
                report.format().map(FormatName::label).orElse("no quantized format"),
                report.target().words()));
    for (Severity severity : Severity.values()) {
      rules(report, severity)
          .forEach((rule, findings) -> {
            text.append("%n%s: %s%n".formatted(severity.label(), rule));
            findings(text, findings, everything);
          });
    }
    text.append("%n%s%n".formatted(verdict(report)));
    return text.toString();
  }

  private static SequencedMap<String, List<Finding>> rules(CheckReport report, Severity severity) {
    SequencedMap<String, List<Finding>> rules = new LinkedHashMap<>();
    for (Finding finding : report.findings()) {
      if (finding.severity() == severity) {
        rules.computeIfAbsent(finding.rule(), _ -> new ArrayList<>()).add(finding);
      }
    }
    return rules;
  }

  private static void findings(StringBuilder text, List<Finding> findings, boolean everything) {
    int full = everything ? findings.size() : Math.min(IN_FULL, findings.size());
    for (Finding finding : findings.subList(0, full)) {
      text.append(
          "  %s%n    %s.%n    Remedy: %s.%n"
              .formatted(finding.where(), finding.problem(), finding.remedy()));
    }
    if (full < findings.size()) {
      StringJoiner places = new StringJoiner("%n      ".formatted());
      findings.subList(full, findings.size()).forEach(finding -> places.add(finding.where()));
      text.append(
          "  likewise in %d more places:%n      %s%n".formatted(findings.size() - full, places));
    }
  }

  private static String verdict(CheckReport report) {
    long faults = report.count(Severity.FAULT);
    long wrong = report.count(Severity.WRONG);
    long warnings = report.count(Severity.WARNING);
    String checked = "Checked from the loaders' sources; nothing was run on hardware.";
    if (report.passes()) {
      return (warnings == 0 ? "No faults. " : "No faults, %d warnings. ".formatted(warnings))
          + checked;
    }
    return "%d faults, %d wrong results, %d warnings. %s"
        .formatted(faults, wrong, warnings, checked);
  }

  /** The report as JSON: all findings, each with severity, rule, where, problem and remedy. */
  public static String json(CheckReport report) {
    ObjectNode root = JsonFile.object();
    root.put("folder", report.folder().toString());
    root.put("stack", report.target().stack().name());
    root.put("version", report.target().version().toString());
    root.put("device", report.target().device().label());
    report.format().ifPresent(format -> root.put("format", format.label()));
    root.put("passes", report.passes());
    ArrayNode findings = root.putArray("findings");
    for (Finding finding : report.findings()) {
      findings
          .addObject()
          .put("severity", finding.severity().label())
          .put("rule", finding.rule())
          .put("where", finding.where())
          .put("problem", finding.problem())
          .put("remedy", finding.remedy());
    }
    return new String(JsonFile.content(root), StandardCharsets.UTF_8);
  }
}
