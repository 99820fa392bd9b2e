package org.bitatlas.study;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import org.bitatlas.quant.calibration.Joining;
import org.bitatlas.tokenizer.ThinkingMode;

/** Reads the key {@code calibration} of a study, or of one of its recipes. */
final class CalibrationReader {
  static final String KEY = "calibration";
  static final CalibrationSpec DEFAULTS = new CalibrationSpec("nano", 128, 256, 0);

  private CalibrationReader() {}

  /**
   * The key {@code calibration} of a study, or of a recipe, which takes what it leaves out from the
   * study's; mode and joining belong to a source and come with it.
   */
  static CalibrationSpec read(YamlFields parent, CalibrationSpec otherwise) {
    if (!parent.has(KEY)) {
      return otherwise;
    }
    YamlFields fields =
        parent.child(KEY).only(Set.of("source", "samples", "length", "seed", "mode", "join"));
    boolean same = !fields.has("source");
    return new CalibrationSpec(
        fields.text("source", otherwise.source()),
        fields.integer("samples", otherwise.samples(), 1, 1_000_000),
        fields.integer("length", otherwise.length(), 8, 1_000_000),
        fields.seed("seed", otherwise.seed()),
        fields.choice(
            "mode",
            optional(ThinkingMode.values(), ThinkingMode::id),
            same ? otherwise.mode() : Optional.empty()),
        fields.choice(
            "join",
            optional(Joining.values(), Joining::id),
            same ? otherwise.join() : Optional.empty()));
  }

  private static <T> SequencedMap<String, Optional<T>> optional(
      T[] values, Function<T, String> name) {
    SequencedMap<String, Optional<T>> map = new LinkedHashMap<>();
    for (T value : values) {
      map.put(name.apply(value), Optional.of(value));
    }
    return map;
  }
}
