package org.bitatlas.format;

import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.checkpoint.TensorData;

/** The weights that an export writes. */
public sealed interface WeightFiles {

  /** Bytes of all tensors, in the types they are written in; without headers and padding. */
  long tensorBytes();

  /**
   * Bytes by which the tensors that the format keeps in fp32, quantized or not, are larger than in
   * the model's own type.
   */
  default long widenedBytes() {
    return 0;
  }

  /**
   * Safetensors files, sharded when they are larger than the limit: {@code STEM.safetensors}, or
   * {@code STEM-00001-of-00002.safetensors} and so on with {@code STEM.safetensors.index.json}.
   *
   * @param stem {@code model} for all loaders of Hugging Face's layout
   * @param tensors in the order in which shards are filled
   * @param metadata free string map of every file's header
   */
  record Safetensors(String stem, List<TensorData> tensors, SequencedMap<String, String> metadata)
      implements WeightFiles {
    @Override
    public long tensorBytes() {
      return tensors.stream().mapToLong(TensorData::byteSize).sum();
    }
  }

  /**
   * One file of another kind.
   *
   * @param name file name
   * @param tensorBytes bytes of the tensors in it
   * @param widenedBytes by which tensors kept in fp32 are larger than in the model's type
   * @param fileBytes bytes of the whole file
   * @param body writes it, tensor after tensor
   */
  record SingleFile(
      String name, long tensorBytes, long widenedBytes, long fileBytes, AtomicFile.Body body)
      implements WeightFiles {}
}
