package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.format.support.SupportedScheme.Evidence;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.target.HardwareTarget;

/** What an answer rests on without having been measured. */
final class Unmeasured {
  private Unmeasured() {}

  static List<String> of(
      Question question, Candidate chosen, List<String> uninformative, List<String> unusedSpeeds) {
    HardwareTarget target = question.target();
    List<String> sentences = new ArrayList<>();
    List<RunRecord> records =
        chosen.cells().stream().map(MapCell::record).flatMap(Optional::stream).toList();
    records.stream()
        .map(record ->
            "Accuracy was measured on %s (%s), not on %s."
                .formatted(
                    record.provenance().getOrDefault("processor", "another machine"),
                    record.execution().split(":")[0],
                    target.title()))
        .distinct()
        .forEach(sentences::add);
    if (!question.shape().isEmpty()) {
      sentences.add(
          "Accuracy was measured on %s; whether %s keeps as much was not."
              .formatted(question.model(), question.shape()));
    }
    sentences.add(
        chosen.measured().isEmpty()
            ? "Speed on %s was not measured: it is predicted by a roofline, a bound that programs stay below."
                .formatted(target.name())
            : "Memory is predicted; speed was measured where it says so.");
    if (chosen.measured().stream().anyMatch(speed -> speed.what().endsWith("BitAtlas's engine"))) {
      sentences.add(
          "What was measured is the speed of BitAtlas's own engine, not of the serving stack.");
    }
    chosen
        .prediction()
        .ifPresent(prediction ->
            prediction.assumptions().forEach(text -> sentences.add("Assumed: " + text + ".")));
    if (!target.numerics().equals("float")) {
      sentences.add(
          "The arithmetic of %s (%s) was not used for these records."
              .formatted(target.name(), target.numerics()));
    }
    chosen
        .deployment()
        .ifPresent(deployment -> {
          for (SupportedScheme scheme : deployment.schemes()) {
            if (!scheme.runs().isEmpty()) {
              sentences.add(
                  "%s computes %s %s; the records do not."
                      .formatted(deployment.stack().title(), scheme.name(), scheme.runs()));
            }
            if (!scheme.remark().isEmpty()) {
              sentences.add("%s: %s.".formatted(scheme.name(), scheme.remark()));
            }
            sentences.add(
                "That %s %s loads %s rests on its %s (%s); it was not run here."
                    .formatted(
                        deployment.stack().title(),
                        deployment.version(),
                        scheme.name(),
                        scheme.evidence() == Evidence.SOURCE ? "source" : "documents",
                        scheme.source()));
          }
        });
    target.remarks().forEach(sentences::add);
    sentences.addAll(unusedSpeeds);
    uninformative.forEach(text -> sentences.add("Left out, " + text + "."));
    return List.copyOf(sentences);
  }
}
