package org.bitatlas.study.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * A float checkpoint in bf16 that exists in memory only, for questions of speed. All tensors are
 * the beginning of one row of random values of the size of the largest: whoever loads a model
 * copies them, so in the model every tensor has its own memory. Norms are ones.
 */
final class RandomWeights implements Checkpoint {

  private static final Path NOWHERE = Path.of("random weights");

  /** Values are repeated after so many: drawing more would take longer and change nothing. */
  private static final int PERIOD = 1 << 20;

  /** Small, so that no sum of products overflows. */
  private static final double LARGEST = 0.035;

  private static final ValueLayout.OfShort BRAIN =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SequencedMap<String, List<Long>> shapes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment values;
  private final MemorySegment ones;

  RandomWeights(Architecture architecture) {
    shapes = CheckpointValidation.expectedTensors(architecture);
    long largest = shapes.values().stream().mapToLong(RandomWeights::count).max().orElseThrow();
    values = arena.allocate(largest * Short.BYTES, 64);
    SplittableRandom random = new SplittableRandom(1);
    long drawn = Math.min(largest, PERIOD);
    for (long i = 0; i < drawn; i++) {
      values.setAtIndex(BRAIN, i, brain((float) random.nextDouble(-LARGEST, LARGEST)));
    }
    for (long done = drawn; done < largest; done += drawn) {
      MemorySegment.copy(
          values, 0, values, done * Short.BYTES, Math.min(drawn, largest - done) * Short.BYTES);
    }
    ones = arena.allocate((long) architecture.hiddenSize() * Short.BYTES, 64);
    for (int i = 0; i < architecture.hiddenSize(); i++) {
      ones.setAtIndex(BRAIN, i, brain(1));
    }
  }

  private static short brain(float value) {
    return (short) (Float.floatToRawIntBits(value) >>> Short.SIZE);
  }

  private static long count(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  @Override
  public Path folder() {
    return NOWHERE;
  }

  @Override
  public SequencedCollection<String> names() {
    return shapes.sequencedKeySet();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(shapes.get(name))
        .map(shape ->
            new StoredTensor(
                name,
                ElementType.BF16,
                shape,
                (name.contains("norm") ? ones : values).asSlice(0, count(shape) * Short.BYTES),
                NOWHERE));
  }

  @Override
  public StoredTensor get(String name) {
    return find(name)
        .orElseThrow(() -> new BitAtlasException("The shape has no tensor " + name + "."));
  }

  @Override
  public String weightsDigest() {
    return "random";
  }

  @Override
  public void close() {
    arena.close();
  }
}
