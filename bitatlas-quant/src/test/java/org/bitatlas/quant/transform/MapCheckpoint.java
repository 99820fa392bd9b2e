package org.bitatlas.quant.transform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** Tensors by name, from a golden file or at random. */
record MapCheckpoint(SequencedMap<String, StoredTensor> tensors) implements Checkpoint {

  /** The tensors {@code prefix + x} of an open file as {@code replacement + x}. */
  static MapCheckpoint renamed(Checkpoint file, String prefix, String replacement) {
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (String name : file.names()) {
      if (name.startsWith(prefix)) {
        StoredTensor stored = file.get(name);
        String renamed = replacement + name.substring(prefix.length());
        tensors.put(
            renamed,
            new StoredTensor(renamed, stored.type(), stored.shape(), stored.data(), stored.file()));
      }
    }
    return new MapCheckpoint(tensors);
  }

  /** Random blocks of an architecture, without embedding and head. */
  static MapCheckpoint random(Architecture architecture, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MapCheckpoint checkpoint = new MapCheckpoint(new LinkedHashMap<>());
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        long rows = architecture.outputFeatures(projection);
        long columns = architecture.inputFeatures(projection);
        checkpoint.put(projection.module(layer) + ".weight", random, 0, rows, columns);
        if (architecture.hasBias(projection)) {
          checkpoint.put(projection.module(layer) + ".bias", random, 0, rows);
        }
      }
      for (InputGroup group : List.of(InputGroup.ATTENTION, InputGroup.MLP)) {
        String norm = DecoderBlock.normName(layer, group).orElseThrow() + ".weight";
        checkpoint.put(norm, random, 1, architecture.hiddenSize());
      }
    }
    return checkpoint;
  }

  private void put(String name, SplittableRandom random, double mean, long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    MemorySegment data = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, count);
    for (int i = 0; i < count; i++) {
      float value = (float) (mean + 0.3 * random.nextGaussian());
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    tensors.put(name, new StoredTensor(name, ElementType.F32, sizes, data, Path.of("memory")));
  }

  @Override
  public Path folder() {
    return Path.of("memory");
  }

  @Override
  public SequencedCollection<String> names() {
    return tensors.sequencedKeySet();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public StoredTensor get(String name) {
    return find(name).orElseThrow(() -> new BitAtlasException("no tensor " + name));
  }

  @Override
  public String weightsDigest() {
    return "0".repeat(64);
  }

  @Override
  public void close() {}
}
