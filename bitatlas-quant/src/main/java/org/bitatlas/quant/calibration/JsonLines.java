package org.bitatlas.quant.calibration;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of JSON lines, mapped into memory, with access to each record by its number; blank lines
 * are no records. Shards of C4 have hundreds of thousands of documents of which a few are read.
 */
final class JsonLines implements AutoCloseable {

  private static final int CHUNK = 1 << 20;

  private final Path file;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment content;
  private final JsonMapper mapper = JsonMapper.builder().build();
  private final String digest;
  private long[] starts = new long[1024];
  private int[] lines = new int[1024];
  private int size;

  private JsonLines(Path file) throws IOException {
    this.file = file;
    try (FileChannel channel = FileChannel.open(file)) {
      content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      arena.close();
      throw e;
    }
    digest = scan();
  }

  /**
   * Opens a file.
   *
   * @throws BitAtlasException when it cannot be read or is compressed
   */
  static JsonLines open(Path file) {
    try {
      return new JsonLines(file);
    } catch (IOException e) {
      throw SourceFile.unreadable(file, e);
    }
  }

  /** Finds the records and takes the digest in one pass. */
  private String scan() {
    MessageDigest sha = TokenDigest.sha256();
    long start = -1;
    int line = 1;
    for (long from = 0; from < content.byteSize(); from += CHUNK) {
      long length = Math.min(CHUNK, content.byteSize() - from);
      byte[] bytes = content.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE);
      if (from == 0) {
        SourceFile.requireUnpacked(file, bytes);
      }
      sha.update(bytes);
      for (int i = 0; i < bytes.length; i++) {
        if (bytes[i] == '\n') {
          add(start, line++);
          start = -1;
        } else if (start < 0 && bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
          start = from + i;
        }
      }
    }
    add(start, line);
    return TokenDigest.hex(sha);
  }

  private void add(long start, int line) {
    if (start < 0) {
      return;
    }
    if (size == starts.length) {
      starts = Arrays.copyOf(starts, 2 * size);
      lines = Arrays.copyOf(lines, 2 * size);
    }
    starts[size] = start;
    lines[size++] = line;
  }

  /** Number of records. */
  int size() {
    return size;
  }

  /** File name and digest. */
  SourceFile source() {
    return SourceFile.of(file, digest);
  }

  /**
   * A record.
   *
   * @throws BitAtlasException when it is not valid UTF-8 or not valid JSON, naming the line
   */
  JsonNode record(int index) {
    long end = starts[index];
    while (end < content.byteSize() && content.get(ValueLayout.JAVA_BYTE, end) != '\n') {
      end++;
    }
    byte[] bytes =
        content.asSlice(starts[index], end - starts[index]).toArray(ValueLayout.JAVA_BYTE);
    try {
      return mapper.readTree(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new BitAtlasException(
          "Calibration sample at " + where(index) + " is not valid UTF-8.", e);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "Calibration sample at " + where(index) + " is not valid JSON.", e);
    }
  }

  /**
   * The {@code text} of a record.
   *
   * @throws BitAtlasException when it has none, naming the line
   */
  String text(int index) {
    JsonNode text = record(index).path("text");
    if (!text.isString()) {
      throw wrong(index, "is not an object with a string field 'text'");
    }
    return text.stringValue();
  }

  /** Whether a record holds messages, or a prompt with its response. */
  boolean isConversation(int index) {
    JsonNode node = record(index);
    return node.path("messages").isArray() && !node.path("messages").isEmpty()
        || node.has("prompt")
        || node.has("response");
  }

  /** The texts of all records, in file order. */
  List<String> texts() {
    return IntStream.range(0, size).mapToObj(this::text).toList();
  }

  /** What is wrong with a record, as an error that names its line. */
  BitAtlasException wrong(int index, String what) {
    return new BitAtlasException("Calibration sample at " + where(index) + " " + what + ".");
  }

  private String where(int index) {
    return file + ", line " + lines[index];
  }

  @Override
  public void close() {
    arena.close();
  }
}
