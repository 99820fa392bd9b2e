package org.bitatlas.format.check;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.format.FormatName;

/**
 * The result of a check.
 *
 * @param folder what was checked
 * @param target what it was checked for
 * @param format the format it is of; empty for a float model, and where that could not be told
 * @param findings all that is wrong; empty when the folder loads
 */
public record CheckReport(
    Path folder, LoaderTarget target, Optional<FormatName> format, List<Finding> findings) {

  /** Whether the stack loads the folder and computes what the checkpoint says. */
  public boolean passes() {
    return findings.stream().allMatch(finding -> finding.severity() == Severity.WARNING);
  }

  /** How many findings have a severity. */
  public long count(Severity severity) {
    return findings.stream().filter(finding -> finding.severity() == severity).count();
  }
}
