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
 * A GGUF file, or several parts of one, memory-mapped: opening reads and checks headers only. Safe
 * for use by several threads; a closed file's tensors must not be used.
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
   * Opens a file, or all files of a model that is in several parts, given any of them.
   *
   * @throws BitAtlasException when one is missing, anything of a header is invalid, or the parts do
   *     not belong together
   */
  public static GgufFile open(Path path) {
    GgufParts parts = GgufParts.of(path);
    Arena arena = Arena.ofShared();
    try {
      SequencedMap<String, GgufTensor> tensors = new LinkedHashMap<>();
      GgufMetadata metadata = read(parts, 0, tensors, arena);
      for (int part = 1; part < parts.files().size(); part++) {
        read(parts, part, tensors, arena);
      }
      Optional<Integer> stated = metadata.findSize(GgufParts.TENSORS);
      if (parts.files().size() > 1 && stated.filter(count -> count != tensors.size()).isPresent()) {
        throw metadata.invalid(
            GgufParts.TENSORS, tensors.size() + ", which the parts have", stated.get());
      }
      return new GgufFile(
          parts.first(), metadata, Collections.unmodifiableSequencedMap(tensors), arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Reads a part's header and adds its tensors; returns its metadata. */
  private static GgufMetadata read(
      GgufParts parts, int part, SequencedMap<String, GgufTensor> tensors, Arena arena) {
    Path file = parts.files().get(part);
    MemorySegment content = map(file, arena);
    GgufHeader header = GgufHeader.read(content, file);
    requirePlace(header.metadata(), part, parts.files().size());
    for (GgufTensorInfo info : header.tensors()) {
      MemorySegment data = content.asSlice(header.dataStart() + info.offset(), info.byteSize());
      GgufTensor other = tensors.putIfAbsent(info.name(), new GgufTensor(info, data, file));
      if (other != null) {
        throw new BitAtlasException(
            "%s has the tensor %s, and so has %s; fetch the parts again."
                .formatted(file, info.name(), other.file()));
      }
    }
    return header.metadata();
  }

  private static void requirePlace(GgufMetadata metadata, int part, int count) {
    int stated = metadata.findSize(GgufParts.COUNT).orElse(1);
    if (stated > 1 && stated != count) {
      throw metadata.invalid(
          GgufParts.COUNT, count + " by its name, as llama.cpp finds parts by their names", stated);
    }
    int number = metadata.findSize(GgufParts.NUMBER).orElse(0);
    if (count > 1 && number != part) {
      throw metadata.invalid(GgufParts.NUMBER, part + " by its name", number);
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

  /** Where it lies; the first of several parts. */
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
