package org.bitatlas.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A float model of which one block at a time is in memory: embeddings are read row by row from the
 * mapped checkpoint, blocks are loaded when asked for. Memory does not grow with the number of
 * blocks.
 *
 * <p>The checkpoint must stay open. {@link #embed} may run on several threads at once.
 */
public final class BlockLoader implements AutoCloseable {

  private static final String EMBEDDING = "model.embed_tokens.weight";

  private final Architecture architecture;
  private final Precision precision;
  private final WeightSource source;
  private final RotaryTable rotary;

  /** A loader of a checkpoint's blocks. */
  public BlockLoader(Architecture architecture, Checkpoint checkpoint, Precision precision) {
    this.architecture = architecture;
    this.precision = precision;
    this.source =
        new WeightSource(
            architecture, checkpoint, Optional.empty(), precision.elementType(), Device.CPU);
    this.rotary =
        new RotaryTable(
            architecture.rope(),
            architecture.headDimension(),
            architecture.maxPositions(),
            precision.elementType(),
            Device.CPU);
  }

  /** The architecture. */
  public Architecture architecture() {
    return architecture;
  }

  /** Type of weights and activations. */
  public Precision precision() {
    return precision;
  }

  /** Type of the weights in the checkpoint, taken from the first linear layer. */
  public ElementType storedType() {
    return source.floats().get(Projection.QUERY.module(0) + ".weight").type();
  }

  /** Loads block {@code layer}; the caller closes it. */
  public DecoderBlock load(int layer) {
    DecoderBlock block = new DecoderBlock(source, layer, rotary);
    // The block holds copies: the mapped pages need not stay in memory.
    for (Projection projection : Projection.values()) {
      source
          .floats()
          .find(projection.module(layer) + ".weight")
          .map(StoredTensor::data)
          .filter(MemorySegment::isMapped)
          .ifPresent(MemorySegment::unload);
    }
    return block;
  }

  /**
   * The embeddings of token ids.
   *
   * @param ids B sequences of the same length T
   * @return [B x T x D]
   * @throws BitAtlasException when an id is outside the vocabulary or a sequence is longer than the
   *     context
   */
  public Tensor embed(int[][] ids) {
    int length = ids[0].length;
    if (length > architecture.maxPositions()) {
      throw new BitAtlasException(
          "A sequence of %d tokens does not fit the model's context of %d; use shorter sequences."
              .formatted(length, architecture.maxPositions()));
    }
    StoredTensor table = source.floats().get(EMBEDDING);
    long width = architecture.hiddenSize();
    long rowBytes = table.data().byteSize() / architecture.vocabularySize();
    try (TensorScope scope = TensorScope.open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment rows = arena.allocate(ids.length * length * rowBytes, Long.BYTES);
      long at = 0;
      for (int[] sequence : ids) {
        for (int id : sequence) {
          if (id < 0 || id >= architecture.vocabularySize()) {
            throw new BitAtlasException(
                "Token id %d is outside the model's vocabulary of %d; the tokenizer belongs to another model."
                    .formatted(id, architecture.vocabularySize()));
          }
          MemorySegment.copy(table.data(), id * rowBytes, rows, at, rowBytes);
          at += rowBytes;
        }
      }
      List<Long> shape = List.of((long) ids.length, (long) length, width);
      return scope.keep(Tensor.fromMemory(rows, table.type(), shape).to(precision.elementType()));
    }
  }

  /** Frees what the blocks share. */
  @Override
  public void close() {
    rotary.close();
  }
}
