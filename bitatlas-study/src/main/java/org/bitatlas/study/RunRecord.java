package org.bitatlas.study;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.InformativeRule;
import org.bitatlas.scheme.ModelSize;

/**
 * One finished cell of the map: a model under a recipe, asked one task in one mode.
 *
 * @param key SHA-256 of {@code inputs} ({@link RecordKey}); equal inputs, equal record
 * @param inputs everything that decides the result: digests, recipe, protocol, behaviour versions
 * @param model name of the model in the study
 * @param recipe label of the row
 * @param method method of the row
 * @param bits weight bits of the row
 * @param task name of the task
 * @param mode mode of the task, may be empty
 * @param metric what {@code primary} is
 * @param state state of the cell
 * @param reason why the state is not OK; empty when it is
 * @param primary accuracy in 0..1, or perplexity; NaN when nothing was measured
 * @param items items that were asked
 * @param plannedItems items the task has
 * @param correct items answered right
 * @param chance accuracy of guessing, 0 when there is none
 * @param metrics all metrics by name
 * @param seconds wall time of the evaluation
 * @param generatedTokens tokens the model wrote
 * @param size memory of the weights; empty when no model was made for the cell
 * @param execution how the linear layers ran, for example {@code simulated: ...}
 * @param notes what quantization had to report
 * @param quantizationKey key of the layer errors; empty for the float model
 * @param provenance commit, time, machine: not part of the key
 * @param decoding name of the decoding; empty for greedy decoding and tasks without replies
 */
public record RunRecord(
    String key,
    SequencedMap<String, String> inputs,
    String model,
    String recipe,
    String method,
    int bits,
    String task,
    String mode,
    Metric metric,
    CellState state,
    String reason,
    double primary,
    int items,
    int plannedItems,
    int correct,
    double chance,
    SequencedMap<String, Double> metrics,
    double seconds,
    long generatedTokens,
    Optional<ModelSize> size,
    String execution,
    List<String> notes,
    String quantizationKey,
    SequencedMap<String, String> provenance,
    String decoding) {

  /** Records of a version that knew greedy decoding only have no decoding. */
  public RunRecord {
    decoding = Objects.requireNonNullElse(decoding, "");
  }

  /** The column of this record. */
  public StudyTask column() {
    return new StudyTask(task, mode, decoding);
  }

  /** Whether a study leaves this record as it is: it would come out the same again. */
  public boolean isFinal() {
    return switch (state) {
      case OK, NON_FINITE, COLLAPSED -> true;
      case PARTIAL, SKIPPED, FAILED -> false;
    };
  }

  /** Items asked a second; NaN where nothing was asked. */
  public double itemsPerSecond() {
    return items > 0 && seconds > 0 ? items / seconds : Double.NaN;
  }

  /**
   * For a record of the float model: why it says nothing about quantization, with the numbers
   * ({@link InformativeRule}); empty where it does, or where the rule does not apply.
   */
  public Optional<String> uninformative() {
    boolean foreign = inputs.containsKey(Origin.INPUT);
    if (foreign || metric != Metric.ACCURACY || state != CellState.OK || items == 0) {
      return Optional.empty();
    }
    InformativeRule.Decision decision = InformativeRule.DEFAULT.decide(correct, items, chance);
    return decision.informative()
        ? Optional.empty()
        : Optional.of("uninformative in float: " + decision.reason());
  }
}
