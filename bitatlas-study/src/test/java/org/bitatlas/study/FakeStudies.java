package org.bitatlas.study;

import java.nio.file.Path;
import java.time.Instant;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.map.AccuracyMap;

/** Studies of the {@link FakeWorkbench}, for the tests of map and report. */
public final class FakeStudies {
  private FakeStudies() {}

  /** A runner with a fixed date. */
  static StudyRunner runner(Workbench workbench) {
    return new StudyRunner(workbench, () -> Instant.parse("2026-11-21T10:00:00Z"));
  }

  /** The recipe of a row of the default study. */
  public static Recipe recipe(String label) {
    return StudySpec.defaultSpec().recipes().stream()
        .filter(recipe -> recipe.label().equals(label))
        .findFirst()
        .flatMap(StudyRecipe::recipe)
        .orElseThrow();
  }

  /** The map of a complete default study with {@code items} items per task. */
  public static AccuracyMap map(Path folder, int items) {
    StudySpec spec = StudySpec.defaultSpec();
    try (RunStore store = RunStore.open(folder)) {
      runner(new FakeWorkbench(items)).run(spec, store, StudyListener.SILENT);
      return AccuracyMap.of(store, spec);
    }
  }

  /** Writes the report of such a study: {@code java ... FakeStudies FOLDER ITEMS}. */
  public static void main(String[] arguments) {
    Path folder = Path.of(arguments[0]);
    AccuracyMap map = map(folder, Integer.parseInt(arguments[1]));
    org.bitatlas.study.report.Report.write(map, folder);
  }
}
