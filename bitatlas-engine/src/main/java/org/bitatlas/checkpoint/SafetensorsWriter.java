package org.bitatlas.checkpoint;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes safetensors files, streamed, to a temporary name that is then moved into place. Equal
 * input gives equal bytes, the same as the reference library writes: tensors ordered by type,
 * widest first, then by name (so that each is aligned to its element size), header without blanks
 * and padded with spaces to a multiple of 8.
 */
public final class SafetensorsWriter {

  private static final int CHUNK_BYTES = 1 << 20;
  private static final int HEADER_ALIGNMENT = 8;
  private static final JsonFactory JSON = new JsonFactory();

  private SafetensorsWriter() {}

  /**
   * Writes one file.
   *
   * @param metadata the free string map {@code __metadata__}; left out when empty
   * @throws BitAtlasException when two tensors share a name, the bytes of one do not fit its shape,
   *     or the file cannot be written
   */
  public static void write(
      Path file, List<TensorData> tensors, SequencedMap<String, String> metadata) {
    List<TensorData> ordered = order(tensors);
    byte[] header = header(ordered, metadata, file);
    AtomicFile.write(
        file,
        channel -> {
          ByteBuffer staging = ByteBuffer.allocateDirect(CHUNK_BYTES);
          staging.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).flip();
          AtomicFile.writeFully(channel, staging);
          AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
          for (TensorData tensor : ordered) {
            writeBytes(channel, tensor, staging, file);
          }
        });
  }

  /**
   * Writes a checkpoint into a folder: {@code model.safetensors} when all fits {@code
   * maxShardBytes}, else shards {@code model-00001-of-00002.safetensors} and so on, filled in the
   * given order, and their index. A tensor above the limit gets a shard of its own. Weight files of
   * an earlier checkpoint in the folder are removed.
   */
  public static void writeSharded(
      Path folder,
      List<TensorData> tensors,
      SequencedMap<String, String> metadata,
      long maxShardBytes) {
    createDirectories(folder);
    Set<String> written = new HashSet<>();
    if (shards(tensors, maxShardBytes, folder).size() <= 1) {
      write(folder.resolve(SafetensorsCheckpoint.SINGLE_FILE_NAME), tensors, metadata);
      written.add(SafetensorsCheckpoint.SINGLE_FILE_NAME);
    } else {
      List<String> names = writeShards(folder, tensors, metadata, maxShardBytes);
      writeIndex(folder, names);
      written.addAll(names);
      written.add(SafetensorsIndex.FILE_NAME);
    }
    removeOthers(folder, written);
  }

  /**
   * Writes shards {@code model-00001-of-00002.safetensors} and so on, filled in the given order,
   * without an index: for a checkpoint that has other shards too.
   *
   * @return their names; none when there are no tensors
   */
  public static List<String> writeShards(
      Path folder,
      List<TensorData> tensors,
      SequencedMap<String, String> metadata,
      long maxShardBytes) {
    List<List<TensorData>> shards = shards(tensors, maxShardBytes, folder);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      String name =
          String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      write(folder.resolve(name), shards.get(i), metadata);
      names.add(name);
    }
    return names;
  }

  /**
   * Writes the index of shards that lie in a folder; reads their headers.
   *
   * @throws BitAtlasException when a shard is missing or invalid, or two hold a tensor of one name
   */
  public static void writeIndex(Path folder, List<String> shards) {
    TreeMap<String, String> weightMap = new TreeMap<>();
    long totalBytes = 0;
    for (String shard : shards) {
      try (Checkpoint content = SafetensorsCheckpoint.open(folder.resolve(shard))) {
        for (String name : content.names()) {
          String other = weightMap.putIfAbsent(name, shard);
          if (other != null) {
            throw new BitAtlasException(
                "Tensor '%s' is in two shards of %s: %s and %s."
                    .formatted(name, folder, other, shard));
          }
          totalBytes += content.get(name).data().byteSize();
        }
      }
    }
    writeIndex(folder.resolve(SafetensorsIndex.FILE_NAME), weightMap, totalBytes);
  }

  private static void createDirectories(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw AtomicFile.unwritable(folder, e);
    }
  }

  private static List<List<TensorData>> shards(
      List<TensorData> tensors, long maxShardBytes, Path folder) {
    List<List<TensorData>> shards = new ArrayList<>();
    long filled = 0;
    for (TensorData tensor : tensors) {
      long bytes = byteCount(tensor, folder);
      if (shards.isEmpty() || filled + bytes > maxShardBytes) {
        shards.add(new ArrayList<>());
        filled = 0;
      }
      shards.getLast().add(tensor);
      filled += bytes;
    }
    return shards;
  }

  private static void writeIndex(Path file, TreeMap<String, String> weightMap, long totalBytes) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeName("metadata").writeStartObject();
      json.writeName("total_size").writeNumber(totalBytes);
      json.writeEndObject();
      json.writeName("weight_map").writeStartObject();
      weightMap.forEach((tensor, shard) -> json.writeName(tensor).writeString(shard));
      json.writeEndObject();
      json.writeEndObject();
    }
    AtomicFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void removeOthers(Path folder, Set<String> written) {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            folder, "model{.safetensors,.safetensors.index.json,-*-of-*.safetensors}")) {
      for (Path file : files) {
        if (!written.contains(file.getFileName().toString())) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw AtomicFile.unwritable(folder, e);
    }
  }

  private static List<TensorData> order(List<TensorData> tensors) {
    return tensors.stream()
        .sorted(Comparator.comparing(TensorData::type).reversed().thenComparing(TensorData::name))
        .toList();
  }

  private static byte[] header(
      List<TensorData> tensors, SequencedMap<String, String> metadata, Path file) {
    StringWriter text = new StringWriter();
    Set<String> names = new HashSet<>();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeName("__metadata__").writeStartObject();
        metadata.forEach((key, value) -> json.writeName(key).writeString(value));
        json.writeEndObject();
      }
      long offset = 0;
      for (TensorData tensor : tensors) {
        if (!names.add(tensor.name()) || tensor.name().equals("__metadata__")) {
          throw invalid(file, tensor, "has a name that is taken");
        }
        long end = Math.addExact(offset, byteCount(tensor, file));
        json.writeName(tensor.name()).writeStartObject();
        json.writeName("dtype").writeString(tensor.type().name());
        json.writeName("shape").writeStartArray();
        tensor.shape().forEach(json::writeNumber);
        json.writeEndArray();
        json.writeName("data_offsets").writeStartArray();
        json.writeNumber(offset).writeNumber(end);
        json.writeEndArray();
        json.writeEndObject();
        offset = end;
      }
      json.writeEndObject();
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(bytes.length, HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
    byte[] header = Arrays.copyOf(bytes, padded);
    Arrays.fill(header, bytes.length, padded, (byte) ' ');
    return header;
  }

  private static long byteCount(TensorData tensor, Path file) {
    long bytes;
    try {
      bytes = SafetensorsHeader.byteCount(tensor.type(), tensor.shape());
    } catch (ArithmeticException e) {
      throw new BitAtlasException(message(file, tensor, "has a shape that overflows"), e);
    }
    if (bytes < 0 || tensor.shape().stream().anyMatch(size -> size < 0)) {
      throw invalid(file, tensor, "has a shape that does not fill whole bytes");
    }
    return bytes;
  }

  private static void writeBytes(
      FileChannel channel, TensorData tensor, ByteBuffer staging, Path file) throws IOException {
    MemorySegment data = tensor.bytes().get();
    long expected = byteCount(tensor, file);
    if (data.byteSize() != expected) {
      throw invalid(file, tensor, "needs " + expected + " bytes but has " + data.byteSize());
    }
    for (long offset = 0; offset < expected; offset += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, expected - offset);
      staging.clear().limit(length);
      MemorySegment.ofBuffer(staging).copyFrom(data.asSlice(offset, length));
      AtomicFile.writeFully(channel, staging);
    }
  }

  private static BitAtlasException invalid(Path file, TensorData tensor, String problem) {
    return new BitAtlasException(message(file, tensor, problem));
  }

  private static String message(Path file, TensorData tensor, String problem) {
    return "Cannot write "
        + file
        + ": tensor '"
        + tensor.name()
        + "' ("
        + tensor.type()
        + " "
        + tensor.shape()
        + ") "
        + problem
        + ".";
  }
}
