package org.bitatlas.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * The header of one safetensors file, validated against the length of the file before anything is
 * used: 8 bytes of header length (little-endian), the header as a JSON object, the data. Format:
 * https://github.com/huggingface/safetensors#format. Stricter than the reference reader in one
 * point: the header must begin with an opening brace, as the format says.
 *
 * @param metadata the free string map {@code __metadata__}; empty when absent
 * @param entries all tensors in the order of their bytes
 * @param dataStart offset in the file of the first data byte
 */
record SafetensorsHeader(
    SequencedMap<String, String> metadata, List<Entry> entries, long dataStart) {

  /** The format's limit of the header length in bytes. */
  static final long MAX_LENGTH = 100_000_000;

  static final int LENGTH_BYTES = 8;
  private static final ValueLayout.OfLong LITTLE_ENDIAN_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** One tensor: its bytes are {@code [begin, end)} after the header. */
  record Entry(String name, ElementType type, List<Long> shape, long begin, long end) {}

  /**
   * Reads and validates the header.
   *
   * @param content the whole file
   * @param file its name, for error messages
   */
  static SafetensorsHeader read(MemorySegment content, Path file) {
    if (content.byteSize() < LENGTH_BYTES) {
      throw invalid(
          file, "the file is " + content.byteSize() + " bytes long, shorter than a header");
    }
    long length = content.get(LITTLE_ENDIAN_LONG, 0);
    long available = content.byteSize() - LENGTH_BYTES;
    if (length < 0 || length > MAX_LENGTH) {
      throw invalid(
          file,
          "the header claims "
              + Long.toUnsignedString(length)
              + " bytes, above the format's limit of "
              + MAX_LENGTH);
    }
    if (length > available) {
      throw invalid(
          file,
          "the header claims " + length + " bytes but only " + available + " follow (truncated?)");
    }
    byte[] json = content.asSlice(LENGTH_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
    if (json.length == 0 || json[0] != '{') {
      throw invalid(file, "the header does not begin with '{'");
    }
    SafetensorsHeader header = SafetensorsHeaderParser.parse(json, file);
    header.requireExactCover(available - length, file);
    return header;
  }

  /**
   * Bytes of a tensor, or -1 when its bits do not fill whole bytes.
   *
   * @throws ArithmeticException when the product overflows
   */
  static long byteCount(ElementType type, List<Long> shape) {
    long bits = type.bits();
    for (long size : shape) {
      bits = Math.multiplyExact(bits, size);
    }
    return bits % Byte.SIZE == 0 ? bits / Byte.SIZE : -1;
  }

  private void requireExactCover(long dataLength, Path file) {
    long position = 0;
    String previous = "the header";
    for (Entry entry : entries) {
      if (entry.end > dataLength) {
        throw invalid(
            file,
            entry.name,
            "ends at data byte "
                + entry.end
                + ", but the file holds "
                + dataLength
                + " (truncated?)");
      }
      if (entry.begin < position) {
        throw invalid(file, entry.name, "overlaps tensor '" + previous + "'");
      }
      if (entry.begin > position) {
        throw invalid(
            file,
            entry.name,
            "begins at data byte "
                + entry.begin
                + ", leaving a hole after byte "
                + position
                + " that no tensor covers");
      }
      position = entry.end;
      previous = entry.name;
    }
    if (position != dataLength) {
      throw invalid(
          file, (dataLength - position) + " bytes at the end of the file belong to no tensor");
    }
  }

  static BitAtlasException invalid(Path file, String problem) {
    return new BitAtlasException(message(file, problem));
  }

  static BitAtlasException invalid(Path file, String tensor, String problem) {
    return new BitAtlasException(message(file, tensor, problem));
  }

  static String message(Path file, String problem) {
    return "Not a valid safetensors file " + file + ": " + problem + ".";
  }

  static String message(Path file, String tensor, String problem) {
    return message(file, "tensor '" + tensor + "' " + problem);
  }
}
