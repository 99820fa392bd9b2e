package org.bitatlas.format.gguf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.checkpoint.WeightsDigest;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Tensors of a GGUF file as a float checkpoint under Hugging Face's names: F32, F16 and BF16 as
 * they are stored, blocks dequantized to F32 each time they are asked for.
 */
final class GgufCheckpoint implements Checkpoint {

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final GgufFile file;
  private final SequencedMap<String, Source> sources;

  /**
   * A tensor of the file.
   *
   * @param order how its rows follow those of the checkpoint
   */
  record Source(GgufTensor tensor, RowOrder order) {}

  /** A checkpoint of these tensors by Hugging Face name; closing it closes the file. */
  GgufCheckpoint(GgufFile file, SequencedMap<String, Source> sources) {
    this.file = file;
    this.sources = sources;
  }

  @Override
  public Path folder() {
    return Optional.ofNullable(file.path().toAbsolutePath().getParent()).orElse(Path.of(""));
  }

  @Override
  public SequencedCollection<String> names() {
    return Collections.unmodifiableSequencedMap(sources).sequencedKeySet();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(sources.get(name)).map(source -> stored(name, source));
  }

  @Override
  public StoredTensor get(String name) {
    return find(name)
        .orElseThrow(() -> new BitAtlasException(file.path() + " has no tensor for " + name + "."));
  }

  @Override
  public SequencedMap<String, Long> storedBytes() {
    SequencedMap<String, Long> bytes = new LinkedHashMap<>();
    file.tensors()
        .forEach((name, tensor) ->
            bytes.put(GgufNames.toHuggingFace(name).orElse(name), tensor.info().byteSize()));
    return bytes;
  }

  /** Over all tensors of the file as they are stored, also those that are read as codes. */
  @Override
  public String weightsDigest() {
    return WeightsDigest.of(file.tensors().values().stream().map(GgufCheckpoint::bytes).toList());
  }

  private static StoredTensor bytes(GgufTensor tensor) {
    GgufTensorInfo info = tensor.info();
    return new StoredTensor(
        info.name() + " " + info.type() + " " + info.shape(),
        ElementType.U8,
        List.of(info.byteSize()),
        tensor.data(),
        tensor.file());
  }

  @Override
  public void close() {
    file.close();
  }

  /** A tensor to be written, dequantized when its turn comes. */
  TensorData tensorData(String name) {
    Source source = Objects.requireNonNull(sources.get(name));
    ElementType type = isStoredAsIs(source) ? type(source) : ElementType.F32;
    return new TensorData(
        name, type, source.tensor().info().shape(), () -> stored(name, source).data());
  }

  private static boolean isStoredAsIs(Source source) {
    return source.tensor().info().type().isFloat() && source.order().equals(RowOrder.SAME);
  }

  private static ElementType type(Source source) {
    return ElementType.valueOf(source.tensor().info().type().name());
  }

  private StoredTensor stored(String name, Source source) {
    GgufTensorInfo info = source.tensor().info();
    List<Long> shape = info.shape();
    if (isStoredAsIs(source)) {
      return new StoredTensor(name, type(source), shape, source.tensor().data(), file.path());
    }
    // A vector is one row; its elements are what is in another order.
    boolean vector = shape.size() == 1;
    MemorySegment data = Arena.ofAuto().allocate(4L * info.rows() * info.columns());
    float[] row = new float[info.columns()];
    for (int n = 0; n < info.rows(); n++) {
      source.tensor().decodeRow(vector ? 0 : source.order().ofFile(n), row);
      for (int k = 0; k < row.length; k++) {
        float value = row[vector ? source.order().ofFile(k) : k];
        data.set(FLOAT, 4L * ((long) n * row.length + k), value);
      }
    }
    return new StoredTensor(name, ElementType.F32, shape, data, file.path());
  }
}
