package org.bitatlas.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A checkpoint of safetensors files, memory-mapped: opening reads the headers only, and tensor data
 * comes from disk when first touched. Owns its mappings; {@link #close()} unmaps them.
 *
 * <p>Safe for use by several threads. The data of a tensor need not be aligned to its element size;
 * read it with unaligned layouts.
 */
public final class SafetensorsCheckpoint implements Checkpoint {

  /** Name of the file of a checkpoint that is not sharded. */
  public static final String SINGLE_FILE_NAME = "model.safetensors";

  private static final String USUAL_STEM = "model";
  private static final String ENDING = ".safetensors";

  private final Path folder;
  private final SequencedMap<String, StoredTensor> tensors;
  private final SequencedMap<String, String> metadata;
  private final Arena arena;
  private Optional<String> digest = Optional.empty();

  private SafetensorsCheckpoint(
      Path folder,
      SequencedMap<String, StoredTensor> tensors,
      SequencedMap<String, String> metadata,
      Arena arena) {
    this.folder = folder;
    this.tensors = tensors;
    this.metadata = metadata;
    this.arena = arena;
  }

  /**
   * Opens a checkpoint and validates every header against the format and the files.
   *
   * @param path a folder with {@code model.safetensors} (preferred when both are there) or {@code
   *     model.safetensors.index.json} and its shards, or one {@code .safetensors} file
   * @throws BitAtlasException when nothing is there to open or anything of it is invalid
   */
  public static SafetensorsCheckpoint open(Path path) {
    if (Files.isRegularFile(path)) {
      return openFile(path);
    }
    if (!Files.isDirectory(path)) {
      throw new BitAtlasException(
          "No checkpoint at " + path + ": expected a folder or a .safetensors file.");
    }
    return open(path, USUAL_STEM);
  }

  /**
   * As {@link #open(Path)} for a folder whose weight files have names of their own.
   *
   * @param folder the folder
   * @param stem what their names begin with, in place of {@code model}
   */
  public static SafetensorsCheckpoint open(Path folder, String stem) {
    Path single = folder.resolve(stem + ENDING);
    if (Files.exists(single)) {
      return openFile(single);
    }
    Path index = folder.resolve(stem + ENDING + ".index.json");
    if (Files.exists(index)) {
      return openSharded(SafetensorsIndex.read(index), folder);
    }
    throw new BitAtlasException(
        "The folder "
            + folder
            + " has neither "
            + single.getFileName()
            + " nor "
            + index.getFileName()
            + "; other weight formats must be converted to safetensors first.");
  }

  private static SafetensorsCheckpoint openFile(Path file) {
    Arena arena = Arena.ofShared();
    try {
      SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
      SafetensorsHeader header = map(file, arena, tensors);
      Path folder = Optional.ofNullable(file.getParent()).orElse(Path.of(""));
      return new SafetensorsCheckpoint(folder, tensors, header.metadata(), arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static SafetensorsCheckpoint openSharded(SafetensorsIndex index, Path folder) {
    Arena arena = Arena.ofShared();
    try {
      SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
      for (String shard : index.shardNames()) {
        map(index.resolve(shard), arena, tensors);
      }
      for (Map.Entry<String, String> entry : index.shards().entrySet()) {
        StoredTensor tensor = tensors.get(entry.getKey());
        Path shard = index.resolve(entry.getValue());
        if (tensor == null || !tensor.file().equals(shard)) {
          throw new BitAtlasException(
              "The shard "
                  + shard
                  + " lacks tensor '"
                  + entry.getKey()
                  + "', which the index "
                  + index.file()
                  + " says it holds.");
        }
      }
      return new SafetensorsCheckpoint(
          folder, tensors, Collections.unmodifiableSequencedMap(new LinkedHashMap<>()), arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static SafetensorsHeader map(
      Path file, Arena arena, SequencedMap<String, StoredTensor> tensors) {
    MemorySegment content;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (NoSuchFileException e) {
      throw new BitAtlasException("The safetensors file " + file + " is missing.", e);
    } catch (IOException e) {
      throw new BitAtlasException(
          "Cannot read the safetensors file " + file + ": " + e.getMessage() + ".", e);
    }
    SafetensorsHeader header = SafetensorsHeader.read(content, file);
    for (SafetensorsHeader.Entry entry : header.entries()) {
      MemorySegment data =
          content.asSlice(header.dataStart() + entry.begin(), entry.end() - entry.begin());
      StoredTensor tensor = new StoredTensor(entry.name(), entry.type(), entry.shape(), data, file);
      StoredTensor other = tensors.putIfAbsent(entry.name(), tensor);
      if (other != null) {
        throw new BitAtlasException(
            "Tensor '"
                + entry.name()
                + "' is in two shards, "
                + other.file()
                + " and "
                + file
                + ".");
      }
    }
    return header;
  }

  @Override
  public Path folder() {
    return folder;
  }

  /** The free string map of the file's header; empty when absent and for sharded checkpoints. */
  public SequencedMap<String, String> metadata() {
    return metadata;
  }

  @Override
  public SequencedCollection<String> names() {
    return Collections.unmodifiableSequencedMap(tensors).sequencedKeySet();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public StoredTensor get(String name) {
    return find(name)
        .orElseThrow(() -> {
          List<String> near = NearNames.of(name, tensors.keySet());
          return new BitAtlasException(
              "The checkpoint "
                  + folder
                  + " has no tensor '"
                  + name
                  + "'"
                  + (near.isEmpty() ? "" : "; near names: " + String.join(", ", near))
                  + ".");
        });
  }

  @Override
  public synchronized String weightsDigest() {
    String value = digest.orElseGet(() -> WeightsDigest.of(tensors.values()));
    digest = Optional.of(value);
    return value;
  }

  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
