package org.bitatlas.format.gguf;

import java.util.Optional;
import org.bitatlas.model.RotaryEmbedding;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Scaled rotary embeddings. llama.cpp knows linear scaling by its factor; Llama 3's scaling is a
 * tensor {@code rope_freqs.weight} [d / 2] of factors by which the frequencies are divided.
 */
final class RotaryScaling {

  /** What all published Llama 3 models say; a file keeps only the factors. */
  private static final double LOW_FREQUENCY_FACTOR = 1;

  private static final double HIGH_FREQUENCY_FACTOR = 4;
  private static final int ORIGINAL_POSITIONS = 8192;

  private static final double TOLERANCE = 1e-4;

  private RotaryScaling() {}

  /** The factors of a rotary embedding [d / 2]; empty where it has none. */
  static Optional<float[]> factors(RotaryEmbedding rope, int headDimension) {
    return rope instanceof RotaryEmbedding.Llama3 llama3
        ? Optional.of(factors(llama3, headDimension))
        : Optional.empty();
  }

  private static float[] factors(RotaryEmbedding.Llama3 rope, int headDimension) {
    float[] factors = new float[headDimension / 2];
    double shortest = rope.originalMaxPositions() / rope.highFrequencyFactor();
    double longest = rope.originalMaxPositions() / rope.lowFrequencyFactor();
    for (int i = 0; i < factors.length; i++) {
      double length = 2 * Math.PI * Math.pow(rope.theta(), 2.0 * i / headDimension);
      double kept =
          (rope.originalMaxPositions() / length - rope.lowFrequencyFactor())
              / (rope.highFrequencyFactor() - rope.lowFrequencyFactor());
      factors[i] =
          (float)
              (length < shortest
                  ? 1
                  : length > longest ? rope.factor() : 1 / ((1 - kept) / rope.factor() + kept));
    }
    return factors;
  }

  /**
   * Adds the scaling of a file to a {@code config.json}.
   *
   * @throws BitAtlasException when it is of a kind that is not run
   */
  static void read(GgufFile file, String architecture, int headDimension, ObjectNode config) {
    GgufMetadata metadata = file.metadata();
    String prefix = architecture + ".rope.scaling.";
    String type = metadata.findText(prefix + "type").orElse("none");
    Optional<GgufTensor> stored = file.find(GgufNames.ROTARY_FACTORS);
    switch (type) {
      case "none" -> {}
      case "linear" ->
          config
              .putObject("rope_scaling")
              .put("rope_type", "linear")
              .put("factor", metadata.findNumber(prefix + "factor").orElse(1.0));
      default ->
          throw metadata.invalid(prefix + "type", "none or linear (others are not run)", type);
    }
    if (stored.isPresent()) {
      readFactors(file, stored.get(), headDimension, config);
    }
  }

  private static void readFactors(
      GgufFile file, GgufTensor stored, int headDimension, ObjectNode config) {
    float[] found = stored.decode();
    float factor = 1;
    for (float value : found) {
      factor = Math.max(factor, value);
    }
    RotaryEmbedding.Llama3 usual =
        new RotaryEmbedding.Llama3(
            config.path("rope_theta").doubleValue(),
            factor,
            LOW_FREQUENCY_FACTOR,
            HIGH_FREQUENCY_FACTOR,
            ORIGINAL_POSITIONS);
    float[] expected = factors(usual, headDimension);
    boolean same = found.length == expected.length;
    for (int i = 0; same && i < found.length; i++) {
      same = Math.abs(found[i] - expected[i]) <= TOLERANCE * expected[i];
    }
    if (!same) {
      throw new BitAtlasException(
          "%s scales its rotary embedding in another way than Llama 3 models (tensor %s), which is not run."
              .formatted(file.path(), GgufNames.ROTARY_FACTORS));
    }
    config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", factor)
        .put("low_freq_factor", LOW_FREQUENCY_FACTOR)
        .put("high_freq_factor", HIGH_FREQUENCY_FACTOR)
        .put("original_max_position_embeddings", ORIGINAL_POSITIONS);
  }
}
