package org.bitatlas.study;

import java.util.Optional;

/**
 * A row of the map whose weights lie in a quantized checkpoint that is there already, of any format
 * that is read.
 *
 * @param location folder, {@code .gguf} file or hub id; not part of the key of its records, which
 *     holds the digest of the weights
 * @param label name of the row; the format follows it on the map
 * @param of model of the study that the checkpoint was made from; empty for the only one
 */
public record CheckpointSpec(String location, String label, Optional<String> of) {

  /** Whether the row belongs to a model of the study. */
  boolean belongsTo(String name) {
    return of.isEmpty() || of.get().equals(name);
  }
}
