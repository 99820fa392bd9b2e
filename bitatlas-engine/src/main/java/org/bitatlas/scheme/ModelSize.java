package org.bitatlas.scheme;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;

/**
 * Size of a model, counted from what is stored.
 *
 * @param wholeModelBytes all tensors in their stored types; a tied head counts once, as the
 *     embedding
 * @param linearBytes the linear layers of the blocks only: weights, or codes with scales, zero
 *     points and group indexes; without biases
 * @param storedBitsPerWeight 8 {@code linearBytes} / number of weights of those layers; 0 for a
 *     model without any
 */
public record ModelSize(long wholeModelBytes, long linearBytes, double storedBitsPerWeight) {

  private static final String HEAD = "lm_head.weight";

  /**
   * Size of a float model.
   *
   * @param linearModules module names of the linear layers, for example {@code
   *     model.layers.0.self_attn.q_proj}
   * @param tiedEmbeddings whether the head is the embedding; a stored copy of it is then not
   *     counted
   */
  public static ModelSize ofFloat(
      Checkpoint checkpoint, Collection<String> linearModules, boolean tiedEmbeddings) {
    Set<String> linears = new HashSet<>(linearModules);
    long whole = 0;
    long linearBytes = 0;
    long weights = 0;
    for (String name : checkpoint.names()) {
      if (tiedEmbeddings && name.equals(HEAD)) {
        continue;
      }
      StoredTensor tensor = checkpoint.get(name);
      long bytes = tensor.data().byteSize();
      whole += bytes;
      if (isWeightOf(name, linears)) {
        linearBytes += bytes;
        weights += tensor.elementCount();
      }
    }
    return new ModelSize(whole, linearBytes, bitsPerWeight(linearBytes, weights));
  }

  /**
   * Size of a quantized model.
   *
   * @param floatParts the float parts: the folder's own, or the base checkpoint (float weights of
   *     quantized layers are then left out)
   * @param tiedEmbeddings as for {@link #ofFloat}
   */
  public static ModelSize ofQuantized(
      QuantizedCheckpoint quantized, Checkpoint floatParts, boolean tiedEmbeddings) {
    Set<String> linears = quantized.linears().keySet();
    long linearBytes = 0;
    long weights = 0;
    for (StoredLinear linear : quantized.linears().values()) {
      linearBytes += linear.storedBytes();
      weights += (long) linear.outputFeatures() * linear.inputFeatures();
    }
    long whole = linearBytes;
    for (String name : floatParts.names()) {
      boolean countedAlready = isWeightOf(name, linears) || LinearStorage.isPartOf(name, linears);
      if (countedAlready || (tiedEmbeddings && name.equals(HEAD))) {
        continue;
      }
      whole += floatParts.get(name).data().byteSize();
    }
    return new ModelSize(whole, linearBytes, bitsPerWeight(linearBytes, weights));
  }

  private static boolean isWeightOf(String name, Set<String> modules) {
    return name.endsWith(".weight")
        && modules.contains(name.substring(0, name.length() - ".weight".length()));
  }

  private static double bitsPerWeight(long bytes, long weights) {
    return weights == 0 ? 0 : 8.0 * bytes / weights;
  }
}
