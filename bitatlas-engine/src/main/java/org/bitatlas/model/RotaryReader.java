package org.bitatlas.model;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads the rotary embedding of a configuration: {@code rope_theta} and {@code rope_scaling}
 * (transformers 4), or {@code rope_parameters}, which holds both (transformers 5).
 */
final class RotaryReader {

  private static final String PARTIAL = "partial_rotary_factor";

  private RotaryReader() {}

  static RotaryEmbedding read(ArchitectureFamily family, Configuration configuration) {
    Optional<Configuration> scaling =
        configuration
            .findObject("rope_parameters")
            .or(() -> configuration.findObject("rope_scaling"));
    requireWholeHead(configuration);
    scaling.ifPresent(RotaryReader::requireWholeHead);
    scaling.ifPresent(RotaryReader::requireSameForAllLayers);
    double theta =
        configuration.positive(
            "rope_theta",
            scaling
                .flatMap(object -> object.findNumber("rope_theta"))
                .or(() -> configuration.findNumber("rope_theta"))
                .orElse(family.defaultRopeTheta()));
    if (scaling.isEmpty()) {
      return new RotaryEmbedding.Plain(theta);
    }
    return scaled(family, scaling.get(), theta);
  }

  private static RotaryEmbedding scaled(
      ArchitectureFamily family, Configuration scaling, double theta) {
    String key = scaling.find("rope_type").isPresent() ? "rope_type" : "type";
    String type = scaling.findText(key).orElse("default");
    if (!family.ropeTypes().contains(type)) {
      throw scaling.invalid(
          key,
          "is '"
              + type
              + "'; for "
              + family.name()
              + " only "
              + String.join(", ", family.ropeTypes())
              + " are supported: without the scaling the model runs up to its original context"
              + " length");
    }
    return switch (type) {
      case "linear" -> new RotaryEmbedding.Linear(theta, scaling.requirePositive("factor"));
      case "llama3" -> llama3(scaling, theta);
      default -> new RotaryEmbedding.Plain(theta);
    };
  }

  private static RotaryEmbedding llama3(Configuration scaling, double theta) {
    double low = scaling.requirePositive("low_freq_factor");
    double high = scaling.requirePositive("high_freq_factor");
    if (high <= low) {
      throw scaling.invalid("high_freq_factor", "is " + high + "; expected above " + low);
    }
    return new RotaryEmbedding.Llama3(
        theta,
        scaling.requirePositive("factor"),
        low,
        high,
        scaling.requireSize("original_max_position_embeddings"));
  }

  private static void requireWholeHead(Configuration configuration) {
    configuration
        .findNumber(PARTIAL)
        .filter(factor -> factor != 1)
        .ifPresent(factor -> {
          throw configuration.invalid(
              PARTIAL, "is " + factor + "; only rotation of whole heads is supported");
        });
  }

  private static void requireSameForAllLayers(Configuration scaling) {
    for (var entry : scaling.object().properties()) {
      JsonNode value = entry.getValue();
      if (value.isObject()) {
        throw scaling.invalid(
            entry.getKey(), "gives one kind of layer its own rotary embedding: not supported");
      }
    }
  }
}
