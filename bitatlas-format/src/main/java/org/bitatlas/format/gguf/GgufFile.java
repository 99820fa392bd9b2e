package org.bitatlas.format.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A GGUF file, memory-mapped: opening reads and checks the header only. Safe for use by several
 * threads; a closed file's tensors must not be used.
 */
public final class GgufFile implements AutoCloseable {

  private final Path path;
  private final GgufMetadata metadata;
  private final SequencedMap<String, GgufTensor> tensors;
  private final Arena arena;

  private GgufFile(
      Path path, GgufMetadata metadata, SequencedMap<String, GgufTensor> tensors, Arena arena) {
    this.path = path;
    this.metadata = metadata;
    this.tensors = tensors;
    this.arena = arena;
  }

  /**
   * Opens a file.
   *
   * @throws BitAtlasException when it is missing or anything of its header is invalid
   */
  public static GgufFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment content = map(path, arena);
      GgufHeader header = GgufHeader.read(content, path);
      SequencedMap<String, GgufTensor> tensors = new LinkedHashMap<>();
      for (GgufTensorInfo info : header.tensors()) {
        MemorySegment data = content.asSlice(header.dataStart() + info.offset(), info.byteSize());
        tensors.put(info.name(), new GgufTensor(info, data, path));
      }
      return new GgufFile(
          path, header.metadata(), Collections.unmodifiableSequencedMap(tensors), arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static MemorySegment map(Path path, Arena arena) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (NoSuchFileException e) {
      throw new BitAtlasException("There is no GGUF file " + path + ".", e);
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read the GGUF file " + path + ": " + e + ".", e);
    }
  }

  /** Where it lies. */
  public Path path() {
    return path;
  }

  /** Key-value pairs, in file order. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** Tensors by name, in file order. */
  public SequencedMap<String, GgufTensor> tensors() {
    return tensors;
  }

  /** The tensor of a name, or empty when there is none. */
  public Optional<GgufTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * The tensor of a name.
   *
   * @throws BitAtlasException when there is none
   */
  public GgufTensor get(String name) {
    return find(name)
        .orElseThrow(() -> new BitAtlasException(path + " has no tensor " + name + "."));
  }

  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
