package org.bitatlas.model;

import java.util.Map;
import org.bitatlas.kernel.AscendScheme;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/** Whether an NPU has an arithmetic for all that a quantized checkpoint asks for. */
final class EmulatedFit {

  private EmulatedFit() {}

  /**
   * Checks every layer and every cache.
   *
   * @throws BitAtlasException naming the first that has none
   */
  static void check(QuantizedCheckpoint quantized) {
    for (Map.Entry<String, StoredLinear> entry : quantized.linears().entrySet()) {
      String module = entry.getKey();
      boolean floats = entry.getValue() instanceof FloatLinear;
      if (floats && quantized.activationsOf(module).input().isPresent()) {
        throw new BitAtlasException(
            "Ascend has no arithmetic for %s: its weight is float, but its inputs are quantized."
                .formatted(module));
      }
      if (!floats
          && !QuantizedCheckpoint.EMBEDDING.equals(module)
          && !QuantizedCheckpoint.HEAD.equals(module)) {
        AscendScheme _ = AscendScheme.of(module, entry.getValue(), quantized.activationsOf(module));
      }
    }
    for (Map.Entry<Integer, AttentionActivations> entry : quantized.attention().entrySet()) {
      if (!entry.getValue().equals(AttentionActivations.NONE)) {
        throw new BitAtlasException(
            "Ascend has no arithmetic for keys and values of block %d, which are transformed or rounded with scales found at run time: its C8 cache has static scales per channel."
                .formatted(entry.getKey()));
      }
    }
  }
}
