package org.bitatlas.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;

/**
 * The tensors of a folder of safetensors files, mapped and not read.
 *
 * <p>Open one with {@link SafetensorsCheckpoint#open(Path)}. All headers are validated on opening;
 * a closed checkpoint's tensors must not be used.
 */
public interface Checkpoint extends AutoCloseable {

  /** The folder this checkpoint was opened from. */
  Path folder();

  /** Names of all tensors, in file order. */
  SequencedCollection<String> names();

  /** The tensor of that name, or empty when the checkpoint has none. */
  Optional<StoredTensor> find(String name);

  /**
   * The tensor of that name.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when there is none; the message lists near names
   */
  StoredTensor get(String name);

  /**
   * Bytes of every tensor that the files hold, by name: also of those that a reader turned into
   * quantized layers, and as they are stored where a reader decodes them.
   */
  default SequencedMap<String, Long> storedBytes() {
    SequencedMap<String, Long> bytes = new LinkedHashMap<>();
    names().forEach(name -> bytes.put(name, get(name).data().byteSize()));
    return bytes;
  }

  /**
   * SHA-256 over the names, types, shapes and bytes of all tensors in name order: equal for equal
   * weights whatever the sharding. Lower-case hexadecimal.
   */
  String weightsDigest();

  @Override
  void close();
}
