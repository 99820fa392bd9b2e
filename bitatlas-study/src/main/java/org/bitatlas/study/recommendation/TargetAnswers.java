package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.model.Architecture;
import org.bitatlas.study.Metric;
import org.bitatlas.study.ModelConfiguration;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.target.TargetCatalog;
import org.bitatlas.study.target.Workload;

/**
 * What a map recommends on each known target: the answer of {@link Recommender} for all of a
 * model's tasks and modes, within the map's margin and the target's memory, by speed.
 */
public final class TargetAnswers {
  private static final String ALL = "all";

  private TargetAnswers() {}

  /**
   * An answer per model and target; none for a model whose shape the records do not keep, or of
   * which no accuracy was asked.
   */
  public static List<Recommendation> of(AccuracyMap map) {
    double drop = map.spec().margin().points() / 100;
    List<Recommendation> answers = new ArrayList<>();
    for (int row = 0; row < map.rows().size() && drop < 1; row++) {
      List<MapCell> cells = map.cells().get(row);
      Optional<Architecture> architecture =
          cells.stream()
              .flatMap(cell -> cell.record().stream())
              .flatMap(record -> ModelConfiguration.architecture(record).stream())
              .findFirst();
      boolean asked = cells.stream().anyMatch(cell -> cell.planned().metric() == Metric.ACCURACY);
      if (map.rows().get(row).isFloat() && asked && architecture.isPresent()) {
        answers.addAll(ofModel(map, map.rows().get(row), architecture.get(), drop));
      }
    }
    return List.copyOf(answers);
  }

  private static List<Recommendation> ofModel(
      AccuracyMap map, MapRow row, Architecture architecture, double drop) {
    return TargetCatalog.NAMES.stream()
        .map(name ->
            new Question(
                row.model(),
                architecture,
                "",
                TargetCatalog.find(name),
                Optional.empty(),
                drop,
                ALL,
                "",
                Workload.DEFAULT,
                Question.Preference.SPEED))
        .map(question -> Recommender.answer(question, map, CapabilityTable.bundled()))
        .toList();
  }
}
