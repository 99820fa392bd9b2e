package org.bitatlas.scheme;

import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;

/**
 * Size of a model, counted from what is stored.
 *
 * @param wholeModelBytes all tensors in their stored types; a tied head counts once, as the
 *     embedding
 * @param linearBytes the linear layers of the blocks only: weights, or codes with all that is
 *     needed to read them, and the online transforms of their inputs; without biases
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
   * @param floatParts the float parts: the folder's own, or the base checkpoint (what the quantized
   *     checkpoint replaces is then left out)
   * @param tiedEmbeddings as for {@link #ofFloat}; a head that the quantized checkpoint has counts
   */
  public static ModelSize ofQuantized(
      QuantizedCheckpoint quantized, Checkpoint floatParts, boolean tiedEmbeddings) {
    CheckpointParts parts = CheckpointParts.of(quantized);
    Set<String> modules = quantized.linears().keySet();
    Set<String> stored = new HashSet<>();
    long whole = 0;
    for (TensorData tensor : parts.tensors()) {
      stored.add(tensor.name());
      whole += tensor.byteSize();
    }
    long linearBytes = parts.transforms().stream().mapToLong(TensorData::byteSize).sum();
    long weights = 0;
    for (Map.Entry<String, StoredLinear> entry : quantized.linears().entrySet()) {
      if (BlockNames.layer(entry.getKey()).isPresent()) {
        StoredLinear linear = entry.getValue();
        linearBytes += linear.storedBytes();
        weights += (long) linear.outputFeatures() * linear.inputFeatures();
      }
    }
    for (String name : floatParts.names()) {
      boolean replaced = stored.contains(name) || isWeightOf(name, modules);
      if (replaced || (tiedEmbeddings && name.equals(HEAD))) {
        continue;
      }
      StoredTensor tensor = floatParts.get(name);
      long bytes = tensor.data().byteSize();
      whole += bytes;
      if (isLinearOfABlock(tensor)) {
        linearBytes += bytes;
        weights += tensor.elementCount();
      }
    }
    return new ModelSize(whole, linearBytes, bitsPerWeight(linearBytes, weights));
  }

  /**
   * Size of a model of any format as its files hold it: all tensors under the name of a linear
   * layer but its bias count as that layer's.
   *
   * @param linearWeights number of weights N K of the linear layers of the blocks, by module name
   * @param tiedEmbeddings as for {@link #ofFloat}
   */
  public static ModelSize ofStored(
      Checkpoint checkpoint, Map<String, Long> linearWeights, boolean tiedEmbeddings) {
    long whole = 0;
    long linearBytes = 0;
    for (Map.Entry<String, Long> tensor : checkpoint.storedBytes().entrySet()) {
      String name = tensor.getKey();
      if (tiedEmbeddings && name.equals(HEAD)) {
        continue;
      }
      whole += tensor.getValue();
      int dot = name.lastIndexOf('.');
      boolean linear = dot > 0 && linearWeights.containsKey(name.substring(0, dot));
      if (linear && !name.endsWith(".bias")) {
        linearBytes += tensor.getValue();
      }
    }
    long weights = linearWeights.values().stream().mapToLong(Long::longValue).sum();
    return new ModelSize(whole, linearBytes, bitsPerWeight(linearBytes, weights));
  }

  private static boolean isLinearOfABlock(StoredTensor tensor) {
    return BlockNames.layer(tensor.name()).isPresent()
        && tensor.name().endsWith(".weight")
        && tensor.shape().size() == 2;
  }

  private static boolean isWeightOf(String name, Set<String> modules) {
    return name.endsWith(".weight")
        && modules.contains(name.substring(0, name.length() - ".weight".length()));
  }

  private static double bitsPerWeight(long bytes, long weights) {
    return weights == 0 ? 0 : 8.0 * bytes / weights;
  }
}
