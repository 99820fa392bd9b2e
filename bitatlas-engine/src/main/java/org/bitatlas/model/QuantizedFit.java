package org.bitatlas.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.LinearEntry;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;

/** Whether a quantized checkpoint is of an architecture: its modules, its tensors, their sizes. */
final class QuantizedFit {

  private QuantizedFit() {}

  /**
   * Checks names and sizes.
   *
   * @throws BitAtlasException that lists what the architecture does not have
   */
  static void check(Architecture architecture, QuantizedCheckpoint quantized) {
    List<String> problems = new ArrayList<>();
    Map<String, List<Long>> tensors = CheckpointValidation.expectedTensors(architecture);
    tensors.put(
        QuantizedCheckpoint.HEAD + ".weight",
        List.of((long) architecture.vocabularySize(), (long) architecture.hiddenSize()));
    for (String module : quantized.linears().keySet()) {
      LinearEntry linear = quantized.entry(module);
      List<Long> shape = List.of((long) linear.outputFeatures(), (long) linear.inputFeatures());
      problem(module + ".weight", shape, tensors).ifPresent(problems::add);
    }
    for (Map.Entry<String, FloatTensor> entry : quantized.floats().entrySet()) {
      problem(entry.getKey(), entry.getValue().shape(), tensors).ifPresent(problems::add);
    }
    Set<String> modules = modules(architecture);
    for (Map.Entry<String, LinearActivations> entry : quantized.activations().entrySet()) {
      problem(entry.getKey(), entry.getValue(), modules, tensors).ifPresent(problems::add);
    }
    for (Map.Entry<Integer, AttentionActivations> entry : quantized.attention().entrySet()) {
      problem(entry.getKey(), entry.getValue(), architecture).ifPresent(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new BitAtlasException(
          "The quantized checkpoint was made for another model than "
              + architecture.family()
              + " of this size: "
              + String.join("; ", problems)
              + ".");
    }
  }

  private static Set<String> modules(Architecture architecture) {
    Set<String> modules = new HashSet<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        modules.add(projection.module(layer));
      }
    }
    return modules;
  }

  private static Optional<String> problem(
      String tensor, List<Long> shape, Map<String, List<Long>> tensors) {
    List<Long> expected = tensors.get(tensor);
    if (expected == null) {
      return Optional.of(tensor + " is unknown");
    }
    return expected.equals(shape)
        ? Optional.empty()
        : Optional.of(tensor + " has shape " + shape + ", not " + expected);
  }

  private static Optional<String> problem(
      String module,
      LinearActivations activations,
      Set<String> modules,
      Map<String, List<Long>> tensors) {
    if (!modules.contains(module)) {
      return Optional.of("activations of " + module + ", which is no linear layer of a block");
    }
    long width = tensors.getOrDefault(module + ".weight", List.of(0L)).getLast();
    return activations
        .transform()
        .map(KroneckerTransform::size)
        .filter(size -> size != width)
        .map(size -> "transform of " + module + " for " + size + " inputs, not " + width);
  }

  private static Optional<String> problem(
      int layer, AttentionActivations attention, Architecture architecture) {
    if (layer < 0 || layer >= architecture.layers()) {
      return Optional.of("attention of block " + layer + ", which is unknown");
    }
    int size = attention.headDimension();
    return size == 0 || size == architecture.headDimension()
        ? Optional.empty()
        : Optional.of(
            "transform of heads in block %d of %d values, not %d"
                .formatted(layer, size, architecture.headDimension()));
  }
}
