package org.bitatlas.scheme;

import java.util.Locale;
import java.util.Optional;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/** An {@link ActivationQuantizer} as JSON; the names are its own, the static range as a pair. */
final class QuantizerJson {

  private QuantizerJson() {}

  /** Writes the quantizer as the object {@code field} of {@code parent}; nothing when absent. */
  static void write(ObjectNode parent, String field, Optional<ActivationQuantizer> quantizer) {
    if (quantizer.isEmpty()) {
      return;
    }
    ActivationQuantizer present = quantizer.get();
    ObjectNode target = parent.putObject(field);
    target
        .put("bits", present.bits())
        .put("symmetric", present.symmetric())
        .put("strategy", present.strategy().name().toLowerCase(Locale.ROOT))
        .put("clipLow", present.clipLow())
        .put("clipHigh", present.clipHigh());
    if (!present.dynamic()) {
      target.putObject("range").put("low", present.staticLow()).put("high", present.staticHigh());
    }
  }

  /** Reads the quantizer {@code field} of {@code parent}; empty when absent. */
  static Optional<ActivationQuantizer> read(JsonFields parent, String field) {
    return parent.optionalObject(field).map(QuantizerJson::read);
  }

  private static ActivationQuantizer read(JsonFields fields) {
    Optional<JsonFields> range = fields.optionalObject("range");
    Strategy strategy =
        switch (fields.text("strategy")) {
          case "tensor" -> Strategy.TENSOR;
          case "token" -> Strategy.TOKEN;
          case "head" -> Strategy.HEAD;
          default -> throw fields.malformed("the strategy is none of tensor, token and head");
        };
    try {
      return new ActivationQuantizer(
          fields.integer("bits", 2, 8),
          fields.flag("symmetric"),
          strategy,
          fields.number("clipLow"),
          fields.number("clipHigh"),
          range.map(present -> present.number("low")).orElse(0f),
          range.map(present -> present.number("high")).orElse(0f));
    } catch (BitAtlasException refused) {
      throw new BitAtlasException(
          fields.malformed("the quantizer is invalid").getMessage() + " " + refused.getMessage(),
          refused);
    }
  }
}
