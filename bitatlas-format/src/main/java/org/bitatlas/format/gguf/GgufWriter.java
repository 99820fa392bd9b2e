package org.bitatlas.format.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Writes GGUF files, version 3, little-endian: tensors follow each other in the given order, each
 * at the next multiple of 32 bytes, as llama.cpp requires. The bytes do not depend on the number of
 * threads.
 */
public final class GgufWriter {

  private static final int ALIGNMENT = GgufHeader.DEFAULT_ALIGNMENT;

  /** Rows that are made and written together, by their bytes. */
  private static final int CHUNK_BYTES = 4 << 20;

  private GgufWriter() {}

  /**
   * Writes a file under a temporary name and moves it to its place when it is complete.
   *
   * @throws BitAtlasException when a name or a shape cannot be stored, or writing fails
   */
  public static void write(Path file, GgufMetadata metadata, List<GgufTensorData> tensors) {
    AtomicFile.write(file, body(metadata, tensors));
  }

  /**
   * What {@link #write} puts into the file.
   *
   * @throws BitAtlasException when a name or a shape cannot be stored
   */
  public static AtomicFile.Body body(GgufMetadata metadata, List<GgufTensorData> tensors) {
    byte[] header = header(metadata, infos(tensors));
    return channel -> {
      writeFully(channel, ByteBuffer.wrap(header));
      for (GgufTensorData tensor : tensors) {
        writeRows(channel, tensor);
        pad(channel);
      }
    };
  }

  /** Bytes of the file that {@link #write} makes. */
  public static long byteSize(GgufMetadata metadata, List<GgufTensorData> tensors) {
    List<GgufTensorInfo> infos = infos(tensors);
    return header(metadata, infos).length
        + infos.stream().mapToLong(info -> GgufHeader.padded(info.byteSize(), ALIGNMENT)).sum();
  }

  private static List<GgufTensorInfo> infos(List<GgufTensorData> tensors) {
    List<GgufTensorInfo> infos = new ArrayList<>();
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (GgufTensorData tensor : tensors) {
      GgufTensorInfo info = tensor.at(offset);
      requireStorable(info, names.add(info.name()));
      infos.add(info);
      offset += GgufHeader.padded(info.byteSize(), ALIGNMENT);
    }
    return infos;
  }

  private static void requireStorable(GgufTensorInfo info, boolean isNew) {
    int nameBytes = info.name().getBytes(StandardCharsets.UTF_8).length;
    if (!isNew || nameBytes == 0 || nameBytes >= GgufHeader.MAX_NAME_BYTES) {
      throw new BitAtlasException(
          "A GGUF tensor cannot be named \"%s\": names are unique and have 1 to %d bytes."
              .formatted(info.name(), GgufHeader.MAX_NAME_BYTES - 1));
    }
    if (!info.type().fits(info.columns())) {
      throw new BitAtlasException(
          "Tensor %s has rows of %d weights; GGUF type %s stores multiples of %d: choose another type."
              .formatted(info.name(), info.columns(), info.type(), info.type().blockWeights()));
    }
  }

  private static byte[] header(GgufMetadata metadata, List<GgufTensorInfo> tensors) {
    Bytes bytes = new Bytes();
    bytes.int32(GgufHeader.MAGIC);
    bytes.int32(GgufHeader.VERSION);
    bytes.int64(tensors.size());
    bytes.int64(metadata.values().size());
    metadata
        .values()
        .forEach((key, value) -> {
          bytes.text(key);
          bytes.int32(value.kind().number());
          bytes.value(value);
        });
    for (GgufTensorInfo tensor : tensors) {
      bytes.text(tensor.name());
      bytes.int32(tensor.shape().size());
      tensor.shape().reversed().forEach(bytes::int64);
      bytes.int32(tensor.type().number());
      bytes.int64(tensor.offset());
    }
    bytes.padTo(ALIGNMENT);
    return bytes.toByteArray();
  }

  private static void writeRows(FileChannel channel, GgufTensorData tensor) throws IOException {
    GgufTensorInfo info = tensor.at(0);
    int rowBytes = info.type().rowBytes(info.columns());
    int chunkRows = Math.clamp(CHUNK_BYTES / rowBytes, 1, info.rows());
    byte[][] chunk = new byte[chunkRows][rowBytes];
    GgufTensorData.RowSource rows = tensor.rows().open();
    for (int first = 0; first < info.rows(); first += chunkRows) {
      int from = first;
      int count = Math.min(chunkRows, info.rows() - first);
      IntStream.range(0, count).parallel().forEach(i -> rows.read(from + i, chunk[i]));
      for (int i = 0; i < count; i++) {
        writeFully(channel, ByteBuffer.wrap(chunk[i]));
      }
    }
  }

  private static void pad(FileChannel channel) throws IOException {
    long position = channel.position();
    int missing = (int) (GgufHeader.padded(position, ALIGNMENT) - position);
    writeFully(channel, ByteBuffer.allocate(missing));
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** The header as it grows. */
  private static final class Bytes {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

    void integer(long value, int bytes) {
      number.putLong(0, value);
      out.write(number.array(), 0, bytes);
    }

    void int32(int value) {
      integer(value, 4);
    }

    void int64(long value) {
      integer(value, 8);
    }

    void text(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int64(bytes.length);
      out.writeBytes(bytes);
    }

    void value(GgufValue value) {
      switch (value) {
        case GgufValue.Whole(GgufKind kind, long whole) -> integer(whole, kind.leastBytes());
        case GgufValue.Real(GgufKind kind, double real) -> {
          if (kind == GgufKind.FLOAT32) {
            int32(Float.floatToRawIntBits((float) real));
          } else {
            int64(Double.doubleToRawLongBits(real));
          }
        }
        case GgufValue.Flag(boolean flag) -> integer(flag ? 1 : 0, 1);
        case GgufValue.Text(String text) -> text(text);
        case GgufValue.Sequence(GgufKind element, List<GgufValue> values) -> {
          int32(element.number());
          int64(values.size());
          values.forEach(this::value);
        }
      }
    }

    void padTo(int alignment) {
      out.writeBytes(new byte[(int) (GgufHeader.padded(out.size(), alignment) - out.size())]);
    }

    byte[] toByteArray() {
      return out.toByteArray();
    }
  }
}
