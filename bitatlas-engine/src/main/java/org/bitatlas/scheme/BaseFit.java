package org.bitatlas.scheme;

import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.tensor.BitAtlasException;

/** Whether quantized parts belong to a base checkpoint. */
final class BaseFit {

  private BaseFit() {}

  /**
   * Checks that every module and tensor the parts name exists in the base, in their shape.
   *
   * @throws BitAtlasException when one does not
   */
  static void require(CheckpointParts parts, Checkpoint base) {
    for (String module : parts.linears().keySet()) {
      LinearEntry linear = parts.entry(module);
      requireShape(
          module + ".weight",
          List.of((long) linear.outputFeatures(), (long) linear.inputFeatures()),
          base);
    }
    parts
        .floats()
        .forEach((name, tensor) -> {
          requireShape(name, tensor.shape(), base);
          if (name.endsWith(".weight")
              && parts
                  .linears()
                  .containsKey(name.substring(0, name.length() - ".weight".length()))) {
            throw new BitAtlasException(
                "Tensor " + name + " is given twice: as a layer and as a float tensor.");
          }
        });
    parts
        .activations()
        .forEach((module, around) -> {
          List<Long> shape = shape(module + ".weight", base);
          Optional<KroneckerTransform> transform = around.transform();
          if (transform.isPresent() && transform.get().size() != shape.getLast()) {
            throw new BitAtlasException(
                "The transform of %s is for inputs of %d values, but the layer's have %d."
                    .formatted(module, transform.get().size(), shape.getLast()));
          }
        });
    parts
        .attention()
        .keySet()
        .forEach(layer -> {
          if (base.names().stream().noneMatch(name -> isOf(layer, name))) {
            throw new BitAtlasException(
                "There are activations for attention in block %d, which %s does not have."
                    .formatted(layer, base.folder()));
          }
        });
  }

  private static boolean isOf(int layer, String name) {
    return BlockNames.layer(name).equals(Optional.of(layer));
  }

  private static void requireShape(String name, List<Long> shape, Checkpoint base) {
    List<Long> expected = shape(name, base);
    if (!expected.equals(shape)) {
      throw new BitAtlasException(
          "Tensor %s has shape %s, but its quantized layer has %s: they are of different models."
              .formatted(name, expected, shape));
    }
  }

  /** Shape of a base tensor; a head that is tied has the embedding's. */
  private static List<Long> shape(String name, Checkpoint base) {
    boolean tiedHead =
        name.equals(QuantizedCheckpoint.HEAD + ".weight") && base.find(name).isEmpty();
    StoredTensor tensor = base.get(tiedHead ? QuantizedCheckpoint.EMBEDDING + ".weight" : name);
    return tensor.shape();
  }
}
