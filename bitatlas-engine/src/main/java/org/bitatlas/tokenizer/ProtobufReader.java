package org.bitatlas.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Walks the fields of one protobuf message, bounds-checked.
 *
 * <p>Source: Protocol Buffers encoding specification. Groups are refused: no tokenizer uses them.
 */
final class ProtobufReader {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final String name;
  private final ByteBuffer buffer;
  private int field;
  private int wireType;

  /**
   * Reads the message in {@code buffer}.
   *
   * @param name what is read, for the error message
   */
  ProtobufReader(String name, ByteBuffer buffer) {
    this.name = name;
    this.buffer = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Moves to the next field; false at the end of the message. */
  boolean next() {
    if (!buffer.hasRemaining()) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    wireType = (int) (tag & 7);
    if (field <= 0) {
      throw malformed("a field number is out of range");
    }
    return true;
  }

  /** Number of the current field. */
  int field() {
    return field;
  }

  /** The current field as a boolean. */
  boolean booleanValue() {
    return integer() != 0;
  }

  /** The current field as an integer. */
  int integer() {
    expect(VARINT);
    return (int) varint();
  }

  /** The current field as a float. */
  float floatValue() {
    expect(FIXED32);
    need(4);
    return buffer.getFloat();
  }

  /** The bytes of the current field (a string or an embedded message). */
  ByteBuffer bytes() {
    expect(BYTES);
    long length = varint();
    if (length < 0 || length > buffer.remaining()) {
      throw malformed("a field is longer than the file");
    }
    ByteBuffer slice = buffer.slice(buffer.position(), (int) length);
    buffer.position(buffer.position() + (int) length);
    return slice;
  }

  /** Passes over the current field. */
  void skip() {
    switch (wireType) {
      case VARINT -> varint();
      case FIXED64 -> advance(8);
      case BYTES -> bytes();
      case FIXED32 -> advance(4);
      default -> throw malformed("a field has an unknown wire type");
    }
  }

  private void advance(int count) {
    need(count);
    buffer.position(buffer.position() + count);
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      need(1);
      byte next = buffer.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number is too long");
  }

  private void expect(int type) {
    if (wireType != type) {
      throw malformed("field " + field + " has an unexpected type");
    }
  }

  private void need(int count) {
    if (buffer.remaining() < count) {
      throw malformed("the file ends in the middle of a field");
    }
  }

  private BitAtlasException malformed(String why) {
    return new BitAtlasException(
        name + " is not a readable SentencePiece model: " + why + "; fetch the file again.");
  }
}
