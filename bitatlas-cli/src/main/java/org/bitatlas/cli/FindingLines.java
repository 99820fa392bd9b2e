package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.study.findings.Finding;
import org.bitatlas.study.findings.Findings;
import org.bitatlas.study.map.AccuracyMap;

/** The papers' findings with the answers of a map, in lines of 80 columns. */
final class FindingLines {
  private static final String INDENT = "      ";

  private FindingLines() {}

  static List<String> of(AccuracyMap map) {
    List<String> lines = new ArrayList<>(List.of("Findings of the papers, asked of these records"));
    for (Finding finding : Findings.of(map)) {
      lines.addAll(wrapped(answer(finding) + finding.statement() + "."));
      lines.addAll(wrapped(INDENT + finding.sentence()));
      if (!finding.missing().isEmpty()) {
        int more = finding.missing().size() - 1;
        lines.addAll(
            wrapped(
                INDENT
                    + "Missing: "
                    + finding.missing().getFirst()
                    + (more == 0 ? "." : "; and " + more + " more in map.md.")));
      }
    }
    return lines;
  }

  private static String answer(Finding finding) {
    return switch (finding.answer()) {
      case YES -> "yes   ";
      case NO -> "NO    ";
      case NOT_ENOUGH_DATA -> "open  ";
    };
  }

  /** Lines that begin below the first word after the answer. */
  private static List<String> wrapped(String text) {
    List<String> lines = new ArrayList<>();
    String start = text.substring(0, INDENT.length());
    for (String part :
        FactSheet.wrapped(text.substring(INDENT.length()), FactSheet.WIDTH - INDENT.length())) {
      lines.add(start + part);
      start = INDENT;
    }
    return lines;
  }
}
