package org.bitatlas.format;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A checkpoint without the tensors that a reader turned into quantized layers. Closing it closes
 * the whole checkpoint, whose digest is its digest.
 */
public final class SelectedTensors implements Checkpoint {

  private final Checkpoint whole;
  private final SequencedSet<String> names;

  /** All tensors but the named ones. */
  public SelectedTensors(Checkpoint whole, Set<String> without) {
    this.whole = whole;
    this.names = new LinkedHashSet<>(whole.names());
    names.removeAll(without);
  }

  @Override
  public Path folder() {
    return whole.folder();
  }

  @Override
  public SequencedCollection<String> names() {
    return names;
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return names.contains(name) ? whole.find(name) : Optional.empty();
  }

  @Override
  public StoredTensor get(String name) {
    return find(name)
        .orElseThrow(() ->
            new BitAtlasException(
                "The checkpoint %s has no float tensor '%s'.".formatted(folder(), name)));
  }

  @Override
  public SequencedMap<String, Long> storedBytes() {
    return whole.storedBytes();
  }

  @Override
  public String weightsDigest() {
    return whole.weightsDigest();
  }

  @Override
  public void close() {
    whole.close();
  }
}
