package org.bitatlas.eval.parquet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads Thrift's compact protocol, in which Parquet writes its metadata, without a schema: a struct
 * is its fields by number.
 *
 * <p>Source: Apache Thrift, "Thrift Compact protocol".
 */
final class CompactReader {

  private static final int DEEPEST = 32;

  private final ByteBuffer in;

  CompactReader(ByteBuffer in) {
    this.in = in;
  }

  /** A struct: {@code Long}, {@code Double}, {@code Boolean}, {@code byte[]}, lists and structs. */
  Struct struct() {
    return struct(0);
  }

  private Struct struct(int depth) {
    if (depth > DEEPEST) {
      throw new MalformedParquet("its metadata is nested too deep");
    }
    Map<Integer, Object> fields = new LinkedHashMap<>();
    int number = 0;
    while (true) {
      int head = in.get() & 0xff;
      if (head == 0) {
        return new Struct(fields);
      }
      int delta = head >>> 4;
      number = delta == 0 ? (int) zigzag() : number + delta;
      fields.put(number, value(head & 15, depth, false));
    }
  }

  private Object value(int type, int depth, boolean element) {
    return switch (type) {
      case 1, 2 -> element ? in.get() == 1 : type == 1;
      case 3 -> (long) in.get();
      case 4, 5, 6 -> zigzag();
      case 7 -> in.duplicate().order(ByteOrder.LITTLE_ENDIAN).getDouble(skipped(8));
      case 8 -> bytes();
      case 9, 10 -> list(depth);
      case 12 -> struct(depth + 1);
      default -> throw new MalformedParquet("its metadata has an unknown type " + type);
    };
  }

  private int skipped(int bytes) {
    int place = in.position();
    in.position(place + bytes);
    return place;
  }

  private List<Object> list(int depth) {
    int head = in.get() & 0xff;
    int size = head >>> 4 == 15 ? Math.toIntExact(varint()) : head >>> 4;
    if (size > in.remaining()) {
      throw new MalformedParquet("a list of its metadata is longer than the file");
    }
    List<Object> list = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      list.add(value(head & 15, depth + 1, true));
    }
    return list;
  }

  private byte[] bytes() {
    byte[] bytes = new byte[checked(varint())];
    in.get(bytes);
    return bytes;
  }

  private int checked(long length) {
    if (length < 0 || length > in.remaining()) {
      throw new MalformedParquet("a text of its metadata is longer than the file");
    }
    return (int) length;
  }

  private long zigzag() {
    long value = varint();
    return (value >>> 1) ^ -(value & 1);
  }

  private long varint() {
    return varint(in);
  }

  /** An unsigned number of 7 bits a byte, the lowest first. */
  static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new MalformedParquet("a number of it has no end");
  }
}
