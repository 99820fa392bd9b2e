package org.bitatlas.eval.parquet;

import java.nio.ByteBuffer;

/**
 * Snappy's raw format: literals, and copies of what was written before.
 *
 * <p>Source: google/snappy, "Snappy compressed format description".
 */
final class Snappy {

  private Snappy() {}

  /**
   * The text that was compressed.
   *
   * @param length its bytes, as the page says
   */
  static byte[] decompress(ByteBuffer in, int length) {
    if (CompactReader.varint(in) != length) {
      throw new MalformedParquet("a compressed page has another length than it says");
    }
    byte[] out = new byte[length];
    int at = 0;
    while (in.hasRemaining()) {
      int tag = in.get() & 0xff;
      int size;
      int distance = 0;
      switch (tag & 3) {
        case 0 -> size = literal(in, tag >>> 2);
        case 1 -> {
          size = 4 + ((tag >>> 2) & 7);
          distance = (tag >>> 5) << 8 | (in.get() & 0xff);
        }
        case 2 -> {
          size = 1 + (tag >>> 2);
          distance = little(in, 2);
        }
        default -> {
          size = 1 + (tag >>> 2);
          distance = little(in, 4);
        }
      }
      boolean copy = (tag & 3) != 0;
      if (size < 0 || size > length - at || copy && (distance <= 0 || distance > at)) {
        throw new MalformedParquet("a compressed page is damaged");
      }
      if (copy) {
        // A copy may read what it writes itself.
        for (int i = 0; i < size; i++) {
          out[at + i] = out[at + i - distance];
        }
      } else {
        in.get(out, at, size);
      }
      at += size;
    }
    if (at != length) {
      throw new MalformedParquet("a compressed page ends too early");
    }
    return out;
  }

  private static int literal(ByteBuffer in, int head) {
    return 1 + (head < 60 ? head : little(in, head - 59));
  }

  private static int little(ByteBuffer in, int bytes) {
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (in.get() & 0xff) << (8 * i);
    }
    return value;
  }
}
