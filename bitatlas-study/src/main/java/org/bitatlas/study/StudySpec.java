package org.bitatlas.study;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.CollapseRule;
import org.bitatlas.model.Execution;

/**
 * What a study compares: models x recipes x tasks, and the protocol of the comparison. Written in
 * YAML; see {@code default-study.yaml} for every key.
 *
 * @param name name of the study
 * @param models {@code nano} or {@code nano-small} for an embedded model, local folders or hub ids
 * @param recipes rows, the float model first
 * @param tasks columns
 * @param suite folder of the suites, or {@code nano-large}; empty for the embedded suites
 * @param calibration calibration protocol
 * @param precision arithmetic of the float operators: {@code auto}, {@code float32} or {@code
 *     bfloat16}
 * @param execution how the layers of quantized models are computed
 * @param collapse when a cell stops early; empty for never
 * @param margin margin of the comparison with the float model
 * @param limit items per task
 * @param keep which quantized checkpoints stay on disk
 * @param noiseFloor whether the float model is asked again in other batches, so that a difference
 *     can be held against its difference to itself
 * @param divergence whether the distance to the float model's logits is measured on perplexity
 *     tasks; the float model is then in memory beside the other while such a task is asked
 * @param decodings how replies are decoded, a column each
 * @param thinkingBudget tokens of the thinking of a reply, whose answer then has the task's budget
 *     for itself; empty where the task's budget is for both
 * @param speed what is timed after the cells; empty where nothing is
 */
public record StudySpec(
    String name,
    List<String> models,
    List<StudyRecipe> recipes,
    List<StudyTask> tasks,
    Optional<Path> suite,
    CalibrationSpec calibration,
    String precision,
    Execution execution,
    Optional<CollapseRule> collapse,
    ComparisonMargin margin,
    ItemLimit limit,
    KeepPolicy keep,
    boolean noiseFloor,
    boolean divergence,
    List<Decoding> decodings,
    OptionalInt thinkingBudget,
    Optional<SpeedSpec> speed) {

  /**
   * Reads a specification.
   *
   * @throws org.bitatlas.tensor.BitAtlasException for an unknown key or a wrong value, naming file,
   *     key and what is allowed
   */
  public static StudySpec read(Path file) {
    return StudySpecReader.read(file);
  }

  /**
   * Reads a specification from its text; paths in it are taken as they are.
   *
   * @param source where the text comes from, for messages
   */
  public static StudySpec parse(String source, String text) {
    return StudySpecReader.read(source, text);
  }

  /** What a map needs of this specification, as a text that {@link #parse} reads. */
  public String mapText() {
    return SpecText.ofMap(this);
  }

  /** The default study: the embedded model, float, RTN and GPTQ at 8, 4, 3 and 2 bits. */
  public static StudySpec defaultSpec() {
    return StudySpecReader.readDefault();
  }

  /** The one row of an endpoint, asked some tasks. */
  static StudySpec ofEndpoint(
      String model, EndpointSpec endpoint, List<StudyTask> tasks, Optional<CollapseRule> collapse) {
    return new StudySpec(
        endpoint.label(),
        List.of(model),
        List.of(StudyRecipe.of(endpoint)),
        tasks,
        Optional.empty(),
        new CalibrationSpec("nano", 1, 8, 0),
        "auto",
        Execution.SIMULATED,
        collapse,
        new ComparisonMargin(2, new LinkedHashMap<>(), 2),
        ItemLimit.NONE,
        KeepPolicy.NONE,
        false,
        false,
        List.of(new Decoding.Greedy()),
        OptionalInt.empty(),
        Optional.empty());
  }

  /** This study with other margins. */
  public StudySpec with(ComparisonMargin other) {
    return new StudySpec(
        name,
        models,
        recipes,
        tasks,
        suite,
        calibration,
        precision,
        execution,
        collapse,
        other,
        limit,
        keep,
        noiseFloor,
        divergence,
        decodings,
        thinkingBudget,
        speed);
  }

  /** This study with the choices of {@code options} in place. */
  public StudySpec with(StudyOptions options) {
    return new StudySpec(
        name,
        options.model().map(List::of).orElse(models),
        recipes,
        tasks,
        options.suite().or(() -> suite),
        calibration,
        precision,
        options.execution().orElse(execution),
        collapse,
        margin,
        options.limit().isPresent() ? ItemLimit.everywhere(options.limit().getAsInt()) : limit,
        keep,
        noiseFloor,
        divergence,
        decodings,
        thinkingBudget,
        speed);
  }
}
