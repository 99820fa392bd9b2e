package org.bitatlas.format;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.scheme.LinearEntry;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;

/** Writes a checkpoint that came from another format as BitAtlas's own. */
public final class NeutralFolder {

  private NeutralFolder() {}

  /**
   * Writes the folder; an earlier quantized checkpoint of that name is replaced.
   *
   * @throws BitAtlasException when {@code target} is something else or the disk cannot be written
   */
  public static void write(ExportSource source, Path target) {
    QuantizedCheckpointFolder.write(
        source.quantized(), new WithCodedWeights(source), source.folder(), target);
  }

  /**
   * The float tensors, and by name and shape only the weights that exist in codes: the folder's
   * writer checks that they belong to the model, and leaves them out.
   */
  private static final class WithCodedWeights implements Checkpoint {

    private final Checkpoint floats;
    private final SequencedSet<String> names;
    private final SequencedMap<String, StoredTensor> coded = new LinkedHashMap<>();

    WithCodedWeights(ExportSource source) {
      this.floats = source.floats();
      // The source may be such a folder itself, whose codes and scales are tensors too.
      this.names = new LinkedHashSet<>(floats.names());
      names.removeAll(source.quantized().storedTensors());
      for (String module : source.quantized().linears().keySet()) {
        LinearEntry linear = source.quantized().entry(module);
        String name = module + ".weight";
        List<Long> shape = List.of((long) linear.outputFeatures(), (long) linear.inputFeatures());
        coded.put(
            name,
            new StoredTensor(name, source.modelType(), shape, MemorySegment.NULL, floats.folder()));
      }
    }

    @Override
    public Path folder() {
      return floats.folder();
    }

    @Override
    public SequencedCollection<String> names() {
      return names;
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return Optional.ofNullable(coded.get(name)).or(() -> floats.find(name));
    }

    @Override
    public StoredTensor get(String name) {
      return find(name).orElseGet(() -> floats.get(name));
    }

    @Override
    public String weightsDigest() {
      return floats.weightsDigest();
    }

    @Override
    public void close() {
      floats.close();
    }
  }
}
