package org.bitatlas.format.modelslim;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.format.FusedModules;
import org.bitatlas.model.Architecture;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;

/** Layers that run as one have one type and one of what belongs to their common input. */
final class FusedLayers {

  private FusedLayers() {}

  /**
   * Checks all blocks.
   *
   * @param types words of all tensors
   * @throws org.bitatlas.format.FormatRefusal naming the layers that differ
   */
  static void require(
      Architecture architecture, Map<String, String> types, QuantizedCheckpoint quantized) {
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ALL) {
        List<String> modules = fused.modules(layer);
        String found =
            modules.stream()
                .map(module ->
                    module
                        + " "
                        + types.getOrDefault(module + TensorNames.WEIGHT, LinearType.FLOAT.name()))
                .collect(Collectors.joining(", "));
        Set<String> words =
            modules.stream()
                .map(module -> String.valueOf(types.get(module + TensorNames.WEIGHT)))
                .collect(Collectors.toSet());
        if (words.size() > 1) {
          throw TypeChoice.refusal(
              fused.module(layer),
              "it runs as one layer and needs one type for all parts, found " + found);
        }
        Set<LinearActivations> around =
            modules.stream().map(quantized::activationsOf).collect(Collectors.toSet());
        if (around.size() > 1) {
          throw TypeChoice.refusal(
              fused.module(layer),
              "its parts share their input, and the input's grid or transform differs between "
                  + String.join(", ", modules));
        }
      }
    }
  }
}
