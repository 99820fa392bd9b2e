package org.bitatlas.study;

import java.util.List;
import java.util.Locale;
import org.bitatlas.kernel.KernelTrace;

/** A kernel trace in words, for records: a line for each operator, shape and kernel. */
public final class KernelLines {

  private KernelLines() {}

  /** What was used between two looks at a trace, longest first. */
  public static List<String> of(List<KernelTrace.Use> before, List<KernelTrace.Use> after) {
    return after.stream()
        .map(use -> since(before, use))
        .filter(use -> use.calls() > 0)
        .map(KernelLines::line)
        .toList();
  }

  private static KernelTrace.Use since(List<KernelTrace.Use> before, KernelTrace.Use use) {
    for (KernelTrace.Use earlier : before) {
      if (earlier.operator().equals(use.operator())
          && earlier.outputFeatures() == use.outputFeatures()
          && earlier.inputFeatures() == use.inputFeatures()
          && earlier.choice().equals(use.choice())) {
        return new KernelTrace.Use(
            use.operator(),
            use.outputFeatures(),
            use.inputFeatures(),
            use.choice(),
            use.calls() - earlier.calls(),
            use.rows() - earlier.rows(),
            use.nanoseconds() - earlier.nanoseconds());
      }
    }
    return use;
  }

  private static String line(KernelTrace.Use use) {
    return String.format(
        Locale.ROOT,
        "%s [%d x %d]: %s; %d calls, %d rows, %.3f s",
        use.operator(),
        use.outputFeatures(),
        use.inputFeatures(),
        use.choice(),
        use.calls(),
        use.rows(),
        use.nanoseconds() / 1e9);
  }
}
