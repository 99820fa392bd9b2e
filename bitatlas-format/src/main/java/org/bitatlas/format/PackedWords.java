package org.bitatlas.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.bitatlas.scheme.GridLinear;

/**
 * Codes packed into 32-bit words: element i of a row lies at bit i * bits, least significant bit
 * first, dense across words; every row begins at a word and is filled up with zero bits. As bytes
 * in little-endian order these are the rows of {@link GridLinear#codes()} filled up to whole words.
 */
public final class PackedWords {

  private static final int TILE = 64;

  private PackedWords() {}

  /** Words of one row. */
  public static int rowWords(int columns, int bits) {
    return Math.toIntExact(((long) columns * bits + 31) / 32);
  }

  /** The codes of a layer [N x K]: words [N x rowWords]. */
  public static int[] ofCodes(GridLinear grid) {
    return ofBytes(
        grid.codes(),
        grid.outputFeatures(),
        GridLinear.rowBytes(grid.inputFeatures(), grid.bits()));
  }

  private static int[] ofBytes(byte[] bytes, int rows, int rowBytes) {
    int rowWords = (rowBytes + 3) / 4;
    int[] words = new int[Math.multiplyExact(rows, rowWords)];
    if (rowBytes % Integer.BYTES == 0) {
      view(bytes).get(words);
      return words;
    }
    for (int row = 0; row < rows; row++) {
      for (int at = 0; at < rowBytes; at++) {
        int value = bytes[row * rowBytes + at] & 0xFF;
        words[row * rowWords + at / 4] |= value << (8 * (at & 3));
      }
    }
    return words;
  }

  private static IntBuffer view(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
  }

  /**
   * The rows of {@link GridLinear#codes()} that words hold; bits beyond a row's last element are
   * dropped.
   *
   * @param words [rows x rowWords]
   */
  public static byte[] toCodes(int[] words, int rows, int columns, int bits) {
    int rowWords = rowWords(columns, bits);
    int rowBytes = GridLinear.rowBytes(columns, bits);
    byte[] bytes = new byte[Math.multiplyExact(rows, rowBytes)];
    if ((long) columns * bits % Integer.SIZE == 0) {
      view(bytes).put(words, 0, bytes.length / Integer.BYTES);
      return bytes;
    }
    int lastBits = (int) ((long) columns * bits - 8L * (rowBytes - 1));
    int lastMask = (1 << lastBits) - 1;
    for (int row = 0; row < rows; row++) {
      for (int at = 0; at < rowBytes; at++) {
        bytes[row * rowBytes + at] = (byte) (words[row * rowWords + at / 4] >>> (8 * (at & 3)));
      }
      bytes[(row + 1) * rowBytes - 1] &= (byte) lastMask;
    }
    return bytes;
  }

  /**
   * Packs unsigned values.
   *
   * @param values [rows x columns], each below 2^bits
   * @return words [rows x rowWords]
   */
  public static int[] pack(byte[] values, int rows, int columns, int bits) {
    int rowWords = rowWords(columns, bits);
    int[] words = new int[Math.multiplyExact(rows, rowWords)];
    for (int row = 0; row < rows; row++) {
      long pending = 0;
      int pendingBits = 0;
      int at = row * rowWords;
      for (int i = 0; i < columns; i++) {
        pending |= (values[row * columns + i] & 0xFFL) << pendingBits;
        pendingBits += bits;
        if (pendingBits >= 32) {
          words[at++] = (int) pending;
          pending >>>= 32;
          pendingBits -= 32;
        }
      }
      if (pendingBits > 0) {
        words[at] = (int) pending;
      }
    }
    return words;
  }

  /**
   * Unpacks unsigned values.
   *
   * @param words [rows x rowWords]
   * @return [rows x columns]
   */
  public static byte[] unpack(int[] words, int rows, int columns, int bits) {
    int rowWords = rowWords(columns, bits);
    byte[] values = new byte[Math.multiplyExact(rows, columns)];
    int mask = (1 << bits) - 1;
    for (int row = 0; row < rows; row++) {
      long pending = 0;
      int pendingBits = 0;
      int at = row * rowWords;
      for (int i = 0; i < columns; i++) {
        if (pendingBits < bits) {
          pending |= (words[at++] & 0xFFFFFFFFL) << pendingBits;
          pendingBits += 32;
        }
        values[row * columns + i] = (byte) (pending & mask);
        pending >>>= bits;
        pendingBits -= bits;
      }
    }
    return values;
  }

  /** The transpose of words [rows x columns]. */
  public static int[] transposed(int[] words, int rows, int columns) {
    int[] result = new int[words.length];
    tiles(
        rows,
        columns,
        (row, column, end) -> {
          for (int c = column; c < end; c++) {
            result[c * rows + row] = words[row * columns + c];
          }
        });
    return result;
  }

  /** The transpose of bytes [rows x columns]. */
  public static byte[] transposed(byte[] values, int rows, int columns) {
    byte[] result = new byte[values.length];
    tiles(
        rows,
        columns,
        (row, column, end) -> {
          for (int c = column; c < end; c++) {
            result[c * rows + row] = values[row * columns + c];
          }
        });
    return result;
  }

  /** The transpose of floats [rows x columns]. */
  public static float[] transposed(float[] values, int rows, int columns) {
    float[] result = new float[values.length];
    tiles(
        rows,
        columns,
        (row, column, end) -> {
          for (int c = column; c < end; c++) {
            result[c * rows + row] = values[row * columns + c];
          }
        });
    return result;
  }

  private interface Stretch {
    /** Moves columns {@code column} to {@code end} - 1 of a row. */
    void move(int row, int column, int end);
  }

  /** Goes over a matrix by small squares, so that what is written stays in the cache. */
  private static void tiles(int rows, int columns, Stretch stretch) {
    for (int firstRow = 0; firstRow < rows; firstRow += TILE) {
      int lastRow = Math.min(rows, firstRow + TILE);
      for (int column = 0; column < columns; column += TILE) {
        int end = Math.min(columns, column + TILE);
        for (int row = firstRow; row < lastRow; row++) {
          stretch.move(row, column, end);
        }
      }
    }
  }
}
