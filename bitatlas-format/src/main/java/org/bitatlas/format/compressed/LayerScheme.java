package org.bitatlas.format.compressed;

import java.util.Optional;
import org.bitatlas.format.GridLayer;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the configuration says of a layer; layers with the same scheme are one of its groups.
 *
 * @param bits of the weight's codes
 * @param symmetric whether all zero points lie in the middle, and none are stored
 * @param groupSize columns that share a scale; 0 for one scale per output channel
 * @param packed whether codes are packed into words ({@code pack-quantized}) or lie one in a byte
 *     ({@code int-quantized})
 * @param input rounding of the inputs
 * @param output rounding of the outputs
 */
record LayerScheme(
    int bits,
    boolean symmetric,
    int groupSize,
    boolean packed,
    Optional<ActivationArguments> input,
    Optional<ActivationArguments> output) {

  static final String PACKED = "pack-quantized";
  static final String PLAIN = "int-quantized";

  /**
   * The scheme of a layer.
   *
   * @param packedWithActivations whether a layer whose inputs are rounded is packed too; as the
   *     library infers it, it is not
   */
  static LayerScheme of(
      GridLayer grid, LinearActivations activations, boolean packedWithActivations) {
    Optional<ActivationArguments> input = activations.input().map(ActivationArguments::of);
    Optional<ActivationArguments> output = activations.output().map(ActivationArguments::of);
    return new LayerScheme(
        grid.bits(),
        grid.centred(),
        grid.groupSize() == grid.inputFeatures() ? 0 : grid.groupSize(),
        input.isEmpty() || packedWithActivations,
        input,
        output);
  }

  String format() {
    return packed ? PACKED : PLAIN;
  }

  /** Writes the fields of a configuration group but its targets. */
  void write(ObjectNode group) {
    ObjectNode weights = group.putObject("weights");
    weights.put("num_bits", bits).put("type", "int").put("symmetric", symmetric);
    if (groupSize == 0) {
      weights.put("strategy", "channel").putNull("group_size");
    } else {
      weights.put("strategy", "group").put("group_size", groupSize);
    }
    weights.put("dynamic", false);
    write(group, "input_activations", input);
    write(group, "output_activations", output);
    group.put("format", format());
  }

  private static void write(
      ObjectNode group, String name, Optional<ActivationArguments> arguments) {
    arguments.ifPresentOrElse(
        present -> present.write(group.putObject(name)), () -> group.putNull(name));
  }

  /**
   * The part of an {@link ActivationQuantizer} that a configuration holds; a static range is stored
   * with the layer.
   */
  record ActivationArguments(int bits, boolean symmetric, boolean perToken, boolean dynamic) {

    static ActivationArguments of(ActivationQuantizer quantizer) {
      return new ActivationArguments(
          quantizer.bits(),
          quantizer.symmetric(),
          quantizer.strategy() == ActivationQuantizer.Strategy.TOKEN,
          quantizer.dynamic());
    }

    void write(ObjectNode target) {
      target
          .put("num_bits", bits)
          .put("type", "int")
          .put("symmetric", symmetric)
          .putNull("group_size")
          .put("strategy", perToken ? "token" : "tensor")
          .put("dynamic", dynamic);
    }
  }
}
