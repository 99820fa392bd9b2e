package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.Locale;
import org.bitatlas.format.ExportReport;

/** Says what an export wrote. */
final class ExportFacts {

  private ExportFacts() {}

  static void print(String format, ExportReport report, PrintWriter out) {
    report.notes().forEach(note -> out.println("Note: " + note));
    out.printf(
        Locale.ROOT,
        "%s: %s of tensors in %d file%s; the float model has %s (%.2f times as many)%n",
        format,
        Amounts.bytes(report.tensorBytes()),
        report.weightFiles().size(),
        report.weightFiles().size() == 1 ? "" : "s",
        Amounts.bytes(report.floatBytes()),
        (double) report.floatBytes() / report.tensorBytes());
    out.println("Written to " + report.folder());
    out.flush();
  }
}
