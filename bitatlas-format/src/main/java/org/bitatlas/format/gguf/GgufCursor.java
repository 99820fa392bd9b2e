package org.bitatlas.format.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;

/** Reads the header of a GGUF file from front to back; never beyond the file's end. */
final class GgufCursor {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Longest text that is read: chat templates and licences stay far below. */
  private static final long MAX_TEXT_BYTES = 16L << 20;

  private static final int MAX_REASON = 300;
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u2028\\u2029]");

  private final MemorySegment content;
  private final Path file;
  private long position;

  GgufCursor(MemorySegment content, Path file) {
    this.content = content;
    this.file = file;
  }

  /** Bytes read so far. */
  long position() {
    return position;
  }

  /** Bytes that are left. */
  long remaining() {
    return content.byteSize() - position;
  }

  byte int8(String what) {
    return content.get(ValueLayout.JAVA_BYTE, advance(1, what));
  }

  short int16(String what) {
    return content.get(SHORT, advance(2, what));
  }

  int int32(String what) {
    return content.get(INT, advance(4, what));
  }

  long int64(String what) {
    return content.get(LONG, advance(8, what));
  }

  /**
   * A number of things, each of which takes at least {@code leastBytes} of what is left.
   *
   * @param limit more are refused, whatever the file's size
   */
  int count(String what, int leastBytes, int limit) {
    long count = int64("the number of " + what);
    if (count < 0 || count > limit) {
      throw malformed(
          "it announces %s %s, more than the %d that are read"
              .formatted(Long.toUnsignedString(count), what, limit));
    }
    if (count * leastBytes > remaining()) {
      throw malformed(
          "it announces %d %s, but only %d bytes follow".formatted(count, what, remaining()));
    }
    return (int) count;
  }

  /** A text: its length in bytes, then UTF-8. */
  String text(String what) {
    long length = int64("the length of " + what);
    if (length < 0 || length > MAX_TEXT_BYTES) {
      throw malformed(
          "%s is announced with %s bytes; texts up to %d bytes are read"
              .formatted(what, Long.toUnsignedString(length), MAX_TEXT_BYTES));
    }
    long start = advance(length, what);
    byte[] bytes = content.asSlice(start, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private long advance(long bytes, String what) {
    if (bytes > remaining()) {
      throw malformed("the file ends in the middle of " + what);
    }
    long start = position;
    position += bytes;
    return start;
  }

  /**
   * The error for a file that is not what it should be.
   *
   * @param why the reason; may hold names from the file, whatever they are
   */
  BitAtlasException malformed(String why) {
    String printable = CONTROL.matcher(why).replaceAll("?");
    return new BitAtlasException(
        "%s is not a readable GGUF file: %s; fetch or write the file again."
            .formatted(
                file,
                printable.length() > MAX_REASON
                    ? printable.substring(0, MAX_REASON) + "..."
                    : printable));
  }
}
