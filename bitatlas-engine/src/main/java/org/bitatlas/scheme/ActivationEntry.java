package org.bitatlas.scheme;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What {@code bitatlas.json} says of the {@link LinearActivations} of a module. */
record ActivationEntry(
    Optional<Transform> transform,
    Optional<ActivationQuantizer> input,
    Optional<ActivationQuantizer> output) {

  /**
   * A {@link KroneckerTransform}.
   *
   * @param left whether the left factor is stored; else it is the identity
   * @param right likewise
   * @param storedWith the module under whose name the factors are stored: the modules of a block
   *     that share a transform store it once
   */
  record Transform(int leftSize, int rightSize, boolean left, boolean right, String storedWith) {}

  static ActivationEntry of(LinearActivations activations, String storedWith) {
    return new ActivationEntry(
        activations
            .transform()
            .map(transform ->
                new Transform(
                    transform.leftSize(),
                    transform.rightSize(),
                    transform.left().isPresent(),
                    transform.right().isPresent(),
                    storedWith)),
        activations.input(),
        activations.output());
  }

  void write(ObjectNode target) {
    transform.ifPresent(present ->
        target
            .putObject("transform")
            .put("leftSize", present.leftSize)
            .put("rightSize", present.rightSize)
            .put("left", present.left)
            .put("right", present.right)
            .put("storedWith", present.storedWith));
    QuantizerJson.write(target, "input", input);
    QuantizerJson.write(target, "output", output);
  }

  static ActivationEntry read(JsonFields fields) {
    return new ActivationEntry(
        fields.optionalObject("transform").map(ActivationEntry::transform),
        QuantizerJson.read(fields, "input"),
        QuantizerJson.read(fields, "output"));
  }

  private static Transform transform(JsonFields fields) {
    int leftSize = fields.integer("leftSize", 1, Integer.MAX_VALUE / 8);
    return new Transform(
        leftSize,
        fields.integer("rightSize", 1, Integer.MAX_VALUE / 8 / leftSize),
        fields.flag("left"),
        fields.flag("right"),
        fields.text("storedWith"));
  }
}
