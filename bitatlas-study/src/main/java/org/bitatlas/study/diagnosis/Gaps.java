package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.study.Metric;

/** What a diagnosis could not look at. */
final class Gaps {

  private Gaps() {}

  static List<String> of(
      Evidence evidence, List<LayerLine> layers, Optional<ReplyBreakdown> replies) {
    List<String> gaps = new ArrayList<>();
    if (layers.isEmpty()) {
      gaps.add("No layer reports are stored for this recipe: run the study again to get them.");
    } else if (evidence.measured().isEmpty()) {
      gaps.add(
          layers.stream().allMatch(layer -> layer.damage().isEmpty())
              ? "The damage of single layers (KL), the growth of the error from block to block, and"
                  + " float's probabilities where replies part: --measure loads the model and"
                  + " measures them."
              : "The growth of the error from block to block, and float's probabilities where"
                  + " replies part: --measure loads the model and measures them. The damages are of"
                  + " the rounding alone, without the recipe's transform, as an adaptive row left"
                  + " them.");
    }
    if (!layers.isEmpty() && layers.stream().allMatch(layer -> layer.report().inputs().isEmpty())) {
      gaps.add("Output errors and outliers are not known: there was no calibration data.");
    }
    if (evidence.floats().isEmpty()) {
      gaps.add(
          "The float model was not asked this task in this store, so nothing is compared with it.");
    }
    if (evidence.record().metric() == Metric.ACCURACY && replies.isEmpty()) {
      gaps.add(
          "There are no replies to look into: the task scores likelihoods, or the cell has no"
              + " samples.");
    }
    if (replies.isPresent() && evidence.tokenizer().isEmpty()) {
      gaps.add(
          "Tokens at which replies part: the model's tokenizer is not on this machine, or is"
              + " another one now; places are counted in characters.");
    }
    return gaps;
  }
}
