package org.bitatlas.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** A model of two small blocks with seeded random weights, for tests that need no golden values. */
public final class TinyModel {

  private TinyModel() {}

  /** An architecture with an optional sliding window in its first layer. */
  public static Architecture architecture(int slidingWindow) {
    return new Architecture(
        "TestForCausalLM",
        61,
        32,
        48,
        2,
        4,
        2,
        8,
        1e-5,
        new RotaryEmbedding.Plain(10_000),
        true,
        false,
        false,
        true,
        4096,
        slidingWindow,
        slidingWindow > 0 ? List.of(0) : List.of(),
        1,
        List.of(2));
  }

  /** Random weights for an architecture. */
  public static Checkpoint checkpoint(Architecture architecture, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, List<Long>> entry :
        CheckpointValidation.expectedTensors(architecture).entrySet()) {
      int count =
          (int) entry.getValue().stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
      MemorySegment data = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, count);
      boolean norm = entry.getKey().contains("norm");
      for (int i = 0; i < count; i++) {
        float value = (float) (0.3 * random.nextGaussian()) + (norm ? 1 : 0);
        data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
      tensors.put(
          entry.getKey(),
          new StoredTensor(
              entry.getKey(), ElementType.F32, entry.getValue(), data, Path.of("memory")));
    }
    return new InMemory(tensors);
  }

  /** A checkpoint that quantizes nothing yet. */
  static QuantizedCheckpoint emptyCheckpoint() {
    return new QuantizedCheckpoint(
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        new Provenance(
            "tiny", "0", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
  }

  /** The identity [size x size]. */
  public static float[] identity(int size) {
    float[] identity = new float[size * size];
    for (int i = 0; i < size; i++) {
      identity[i * size + i] = 1;
    }
    return identity;
  }

  /** A loaded fp32 model. */
  public static TransformerModel load(int slidingWindow) {
    Architecture architecture = architecture(slidingWindow);
    return TransformerModel.load(architecture, checkpoint(architecture, 7), Precision.FP32);
  }

  private record InMemory(SequencedMap<String, StoredTensor> tensors) implements Checkpoint {
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
}
