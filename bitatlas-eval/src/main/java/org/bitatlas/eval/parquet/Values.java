package org.bitatlas.eval.parquet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Decodes the values of a page. */
final class Values {

  private static final int BOOLEAN = 0;
  private static final int INT32 = 1;
  private static final int INT64 = 2;
  private static final int INT96 = 3;
  private static final int FLOAT = 4;
  private static final int DOUBLE = 5;
  private static final int BYTE_ARRAY = 6;

  private Values() {}

  /** Values side by side. */
  static Object[] plain(Field column, ByteBuffer bytes, int count) {
    ByteBuffer in = bytes.order(ByteOrder.LITTLE_ENDIAN);
    Object[] values = new Object[count];
    int type = column.type().orElseThrow(() -> unreadable(column, "no type"));
    for (int i = 0; i < count; i++) {
      values[i] =
          switch (type) {
            case BOOLEAN -> (in.get(in.position() + i / 8) >>> (i % 8) & 1) == 1;
            case INT32 -> (long) in.getInt();
            case INT64 -> in.getLong();
            case FLOAT -> (double) in.getFloat();
            case DOUBLE -> in.getDouble();
            case BYTE_ARRAY -> bytes(column, in, in.getInt());
            case INT96 -> throw unreadable(column, "times of 96 bits");
            default -> throw unreadable(column, "bytes of fixed length");
          };
    }
    return values;
  }

  /** Text where the column has it; other bytes as they are. */
  private static Object bytes(Field column, ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new MalformedParquet("a value of the column " + column.name() + " is cut off");
    }
    byte[] value = new byte[length];
    in.get(value);
    return column.isText() ? new String(value, StandardCharsets.UTF_8) : value;
  }

  /** Whole numbers as differences, in blocks of packed ones. */
  static long[] differences(ByteBuffer in, int count) {
    long block = CompactReader.varint(in);
    int parts = Math.toIntExact(CompactReader.varint(in));
    int total = Math.toIntExact(CompactReader.varint(in));
    long value = zigzag(in);
    if (total != count || parts < 1 || block < 8 || block % parts != 0) {
      throw new MalformedParquet("a page of differences is damaged");
    }
    long[] values = new long[total];
    int at = 0;
    if (total > 0) {
      values[at++] = value;
    }
    int size = Math.toIntExact(block / parts);
    while (at < total) {
      long least = zigzag(in);
      byte[] widths = new byte[parts];
      in.get(widths);
      for (int part = 0; part < parts && at < total; part++) {
        int width = widths[part];
        if (width < 0 || width > 64) {
          throw new MalformedParquet("a page has numbers of " + width + " bits");
        }
        int start = in.position();
        for (int i = 0; i < size && at < total; i++) {
          value += least + bits(in, start, (long) i * width, width);
          values[at++] = value;
        }
        in.position(start + size * width / 8);
      }
    }
    return values;
  }

  private static long bits(ByteBuffer in, int start, long offset, int width) {
    long value = 0;
    for (int i = 0; i < width; i++) {
      long bit = offset + i;
      value |= (long) (in.get(start + (int) (bit / 8)) >>> (bit % 8) & 1) << i;
    }
    return value;
  }

  private static long zigzag(ByteBuffer in) {
    long value = CompactReader.varint(in);
    return (value >>> 1) ^ -(value & 1);
  }

  /** Lengths as differences, then all bytes. */
  static Object[] lengths(Field column, ByteBuffer in, int count) {
    long[] lengths = differences(in, count);
    Object[] values = new Object[count];
    for (int i = 0; i < count; i++) {
      values[i] = bytes(column, in, Math.toIntExact(lengths[i]));
    }
    return values;
  }

  /** How much is shared with the value before, then the rest. */
  static Object[] prefixes(Field column, ByteBuffer in, int count) {
    long[] shared = differences(in, count);
    long[] lengths = differences(in, count);
    byte[] before = new byte[0];
    Object[] values = new Object[count];
    for (int i = 0; i < count; i++) {
      int start = Math.toIntExact(shared[i]);
      int length = Math.toIntExact(lengths[i]);
      if (start > before.length || length < 0 || length > in.remaining()) {
        throw new MalformedParquet("a value of the column " + column.name() + " is cut off");
      }
      byte[] value = Arrays.copyOf(before, start + length);
      in.get(value, start, length);
      values[i] = column.isText() ? new String(value, StandardCharsets.UTF_8) : value;
      before = value;
    }
    return values;
  }

  static MalformedParquet unreadable(Field column, String what) {
    return new MalformedParquet("its column " + column.name() + " has " + what);
  }
}
