package org.bitatlas.format.check;

import java.util.List;
import java.util.Set;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.scheme.QuantizedCheckpoint;

/** The tensors that stay float: embedding, head, norms, biases, layers that are not quantized. */
final class PlainTensors {

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";
  private static final String HEAD = QuantizedCheckpoint.HEAD + WEIGHT;

  private PlainTensors() {}

  /**
   * Looks them up.
   *
   * @param quantized modules whose weight is codes
   * @param withoutBias modules whose bias need not be there, as it travels elsewhere
   */
  static void check(
      Architecture architecture,
      TensorInspection inspection,
      Set<String> quantized,
      Set<String> withoutBias) {
    CheckpointValidation.expectedTensors(architecture)
        .forEach((name, shape) -> {
          String module = name.substring(0, name.lastIndexOf('.'));
          if (name.endsWith(WEIGHT) && quantized.contains(module)) {
            return;
          }
          if (name.endsWith(BIAS) && withoutBias.contains(module)) {
            inspection.find(name, TensorInspection.FLOATS, sizes(shape));
          } else {
            inspection.require(name, TensorInspection.FLOATS, sizes(shape));
          }
        });
    if (architecture.tiedEmbeddings() && inspection.has(HEAD)) {
      inspection.claim(HEAD);
      inspection
          .findings()
          .warn(
              "tied-head",
              HEAD,
              "config.json ties the head to the embedding, so loaders skip this tensor",
              "remove it, or set tie_word_embeddings to false if it differs from the embedding");
    }
  }

  private static long[] sizes(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
