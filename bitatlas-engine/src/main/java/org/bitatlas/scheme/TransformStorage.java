package org.bitatlas.scheme;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.TensorData;

/**
 * The stored tensors of online transforms, all F32: {@code .transform_left} [L x L] and {@code
 * .transform_right} [R x R] under the name of a module, {@code .key_transform} and {@code
 * .query_transform} [d x d] under the name of a block's attention.
 */
final class TransformStorage {

  private static final String LEFT = ".transform_left";
  private static final String RIGHT = ".transform_right";
  private static final String KEY = ".key_transform";
  private static final String QUERY = ".query_transform";

  private TransformStorage() {}

  /** The factors of a transform of the inputs of {@code module}. */
  static List<TensorData> tensors(String module, KroneckerTransform transform) {
    List<TensorData> tensors = new ArrayList<>();
    add(tensors, module + LEFT, transform.left(), transform.leftSize());
    add(tensors, module + RIGHT, transform.right(), transform.rightSize());
    return tensors;
  }

  /** The transforms of the heads of an attention. */
  static List<TensorData> tensors(String attention, AttentionActivations activations) {
    List<TensorData> tensors = new ArrayList<>();
    int size = activations.headDimension();
    add(tensors, attention + KEY, activations.headTransform(), size);
    add(tensors, attention + QUERY, activations.queryTransform(), size);
    return tensors;
  }

  private static void add(
      List<TensorData> tensors, String name, Optional<float[]> matrix, int size) {
    matrix.ifPresent(values -> tensors.add(StoredArrays.of(name, values, size, size)));
  }

  /** Reads a transform of inputs. */
  static KroneckerTransform read(ActivationEntry.Transform entry, Checkpoint checkpoint) {
    return new KroneckerTransform(
        entry.leftSize(),
        entry.rightSize(),
        matrix(checkpoint, entry.left(), entry.storedWith() + LEFT, entry.leftSize()),
        matrix(checkpoint, entry.right(), entry.storedWith() + RIGHT, entry.rightSize()));
  }

  /** Reads what happens to the heads of an attention. */
  static AttentionActivations read(String attention, AttentionEntry entry, Checkpoint checkpoint) {
    int size = entry.headDimension();
    return new AttentionActivations(
        matrix(checkpoint, size > 0, attention + KEY, size),
        matrix(checkpoint, size > 0, attention + QUERY, size),
        entry.key(),
        entry.value());
  }

  private static Optional<float[]> matrix(
      Checkpoint checkpoint, boolean stored, String name, int size) {
    return stored
        ? Optional.of(StoredArrays.floats(checkpoint, name, size, size))
        : Optional.empty();
  }
}
