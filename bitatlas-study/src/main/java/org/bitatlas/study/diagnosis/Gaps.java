package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;

/** What a diagnosis could not look at. */
final class Gaps {

  private Gaps() {}

  static List<String> of(
      RunRecord record,
      Optional<RunRecord> floats,
      List<LayerLine> layers,
      Optional<ReplyBreakdown> replies) {
    List<String> gaps = new ArrayList<>();
    if (layers.isEmpty()) {
      gaps.add("No layer reports are stored for this recipe: run the study again to get them.");
    } else if (layers.stream().allMatch(layer -> layer.damage().isEmpty())) {
      gaps.add(
          "The damage of single layers was not measured for this method: a row with bits: adaptive"
              + " and these bits among its bit_choices leaves it in the study's folder.");
    }
    if (!layers.isEmpty() && layers.stream().allMatch(layer -> layer.report().inputs().isEmpty())) {
      gaps.add("Output errors and outliers are not known: there was no calibration data.");
    }
    if (floats.isEmpty()) {
      gaps.add(
          "The float model was not asked this task in this store, so nothing is compared with it.");
    }
    if (record.metric() == Metric.ACCURACY && replies.isEmpty()) {
      gaps.add(
          "There are no replies to look into: the task scores likelihoods, or the cell has no"
              + " samples.");
    }
    return gaps;
  }
}
