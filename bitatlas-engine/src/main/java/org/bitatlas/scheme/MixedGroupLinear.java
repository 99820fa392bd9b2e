package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A linear layer whose groups of columns have their own number of bits, the same for all rows
 * (SliM-LLM, Huang et al. 2024, section 3.2). With b = bitsPerGroup[g], g = k / groupSize:
 *
 * <ul>
 *   <li>b of 2 to 8: w = scale * (code - offset), offset a whole zero point, 0 .. 2^b - 1
 *   <li>b = 1: w = (2 code - 1) * scale + offset, offset the mean of the group's row. Code 1 stands
 *       for weights at the mean or above it, as one bit has no third value.
 * </ul>
 *
 * <p>Each is one fp32 subtraction or addition and one fp32 multiplication. One bit everywhere is
 * round to nearest at 1 bit.
 *
 * @param outputFeatures N
 * @param inputFeatures K
 * @param groupSize columns that share a scale; K for one scale per output channel
 * @param bitsPerGroup [G], G = ceil(K / groupSize), each 1 to 8
 * @param codes [N x {@link #rowBytes}] bytes; the codes of a row one after the other, each as wide
 *     as its group's bits, least significant bit first, dense across bytes and groups
 * @param scales [N x G], finite
 * @param offsets [N x G], finite
 */
public record MixedGroupLinear(
    int outputFeatures,
    int inputFeatures,
    int groupSize,
    int[] bitsPerGroup,
    byte[] codes,
    float[] scales,
    float[] offsets)
    implements StoredLinear {

  /**
   * Checks every size and every value but the codes, which fit by their width.
   *
   * @throws BitAtlasException when a size does not fit the others or a value is out of range
   */
  public MixedGroupLinear {
    requireLayout(outputFeatures, inputFeatures, groupSize, bitsPerGroup);
    long codeBytes = (long) outputFeatures * rowBytes(inputFeatures, groupSize, bitsPerGroup);
    require(codes.length == codeBytes, codeBytes + " code bytes", codes.length);
    int groups = bitsPerGroup.length;
    long cells = (long) outputFeatures * groups;
    require(scales.length == cells, cells + " scales", scales.length);
    require(offsets.length == cells, cells + " offsets", offsets.length);
    for (int cell = 0; cell < cells; cell++) {
      require(Float.isFinite(scales[cell]), "finite scales", scales[cell]);
      requireOffset(offsets[cell], bitsPerGroup[cell % groups]);
    }
  }

  /** Checks what does not depend on stored arrays. */
  static void requireLayout(
      int outputFeatures, int inputFeatures, int groupSize, int[] bitsPerGroup) {
    require(outputFeatures > 0 && inputFeatures > 0, "a weight with rows and columns", "none");
    require(
        groupSize >= 1 && groupSize <= inputFeatures,
        "a group size of 1 to " + inputFeatures + " columns",
        groupSize);
    int groups = Math.ceilDiv(inputFeatures, groupSize);
    require(bitsPerGroup.length == groups, groups + " widths of groups", bitsPerGroup.length);
    for (int bits : bitsPerGroup) {
      require(bits >= 1 && bits <= 8, "1 to 8 bits", bits);
    }
  }

  private static void requireOffset(float offset, int bits) {
    if (bits == 1) {
      require(Float.isFinite(offset), "finite means", offset);
      return;
    }
    int maxCode = (1 << bits) - 1;
    boolean code = offset >= 0 && offset <= maxCode && offset == (int) offset;
    require(code, "whole zero points up to " + maxCode, offset);
  }

  private static void require(boolean holds, String expected, Object found) {
    if (!holds) {
      throw new BitAtlasException(
          "A quantized linear layer of mixed groups is malformed: expected %s, found %s."
              .formatted(expected, found));
    }
  }

  /**
   * Packs a layer.
   *
   * @param unpackedCodes [N x K], one unsigned code per byte
   * @throws BitAtlasException when a code does not fit its group's bits or a size does not fit
   */
  public static MixedGroupLinear of(
      int outputFeatures,
      int inputFeatures,
      int groupSize,
      int[] bitsPerGroup,
      byte[] unpackedCodes,
      float[] scales,
      float[] offsets) {
    requireLayout(outputFeatures, inputFeatures, groupSize, bitsPerGroup);
    long count = (long) outputFeatures * inputFeatures;
    require(unpackedCodes.length == count, count + " codes", unpackedCodes.length);
    int rowBytes = rowBytes(inputFeatures, groupSize, bitsPerGroup);
    byte[] packed = new byte[Math.multiplyExact(outputFeatures, rowBytes)];
    for (int row = 0; row < outputFeatures; row++) {
      int target = row * rowBytes;
      int pending = 0;
      int pendingBits = 0;
      for (int k = 0; k < inputFeatures; k++) {
        int bits = bitsPerGroup[k / groupSize];
        int code = unpackedCodes[row * inputFeatures + k] & 0xFF;
        require(code < 1 << bits, "codes of " + bits + " bits", code);
        pending |= code << pendingBits;
        pendingBits += bits;
        if (pendingBits >= 8) {
          packed[target++] = (byte) pending;
          pending >>>= 8;
          pendingBits -= 8;
        }
      }
      if (pendingBits > 0) {
        packed[target] = (byte) pending;
      }
    }
    return new MixedGroupLinear(
        outputFeatures, inputFeatures, groupSize, bitsPerGroup, packed, scales, offsets);
  }

  /**
   * Bytes of one packed row.
   *
   * @param bitsPerGroup [ceil(columns / groupSize)]
   */
  static int rowBytes(int columns, int groupSize, int[] bitsPerGroup) {
    return Math.toIntExact((rowBits(columns, groupSize, bitsPerGroup) + 7) / 8);
  }

  private static long rowBits(int columns, int groupSize, int[] bitsPerGroup) {
    long rowBits = 0;
    for (int group = 0; group < bitsPerGroup.length; group++) {
      long width = Math.min(groupSize, columns - (long) group * groupSize);
      rowBits += width * bitsPerGroup[group];
    }
    return rowBits;
  }

  /** Bytes of one packed row. */
  public int rowBytes() {
    return rowBytes(inputFeatures, groupSize, bitsPerGroup);
  }

  /** Number of groups G of a row. */
  public int groups() {
    return bitsPerGroup.length;
  }

  /** Code of element (row, k). */
  public int code(int row, int k) {
    int group = k / groupSize;
    int bits = bitsPerGroup[group];
    long firstBit = (long) (k - group * groupSize) * bits;
    for (int before = 0; before < group; before++) {
      firstBit += (long) groupSize * bitsPerGroup[before];
    }
    int rowBytes = rowBytes();
    int at = (int) (firstBit >>> 3);
    int base = row * rowBytes;
    int word = codes[base + at] & 0xFF;
    if (at + 1 < rowBytes) {
      word |= (codes[base + at + 1] & 0xFF) << 8;
    }
    return (word >>> (int) (firstBit & 7)) & ((1 << bits) - 1);
  }

  @Override
  public double nominalBits() {
    return (double) rowBits(inputFeatures, groupSize, bitsPerGroup) / inputFeatures;
  }

  /** Writes the codes of a row, one per byte, to {@code target} [K]. */
  public void unpackRow(int row, byte[] target) {
    int source = row * rowBytes();
    int pending = 0;
    int pendingBits = 0;
    for (int group = 0; group < groups(); group++) {
      int bits = bitsPerGroup[group];
      int mask = (1 << bits) - 1;
      int end = (int) Math.min(inputFeatures, (group + 1L) * groupSize);
      for (int k = group * groupSize; k < end; k++) {
        if (pendingBits < bits) {
          pending |= (codes[source++] & 0xFF) << pendingBits;
          pendingBits += 8;
        }
        target[k] = (byte) (pending & mask);
        pending >>>= bits;
        pendingBits -= bits;
      }
    }
  }

  @Override
  public void dequantizeRow(int row, float[] target) {
    byte[] unpacked = new byte[inputFeatures];
    unpackRow(row, unpacked);
    for (int group = 0; group < groups(); group++) {
      boolean binary = bitsPerGroup[group] == 1;
      float scale = scales[row * groups() + group];
      float offset = offsets[row * groups() + group];
      int end = (int) Math.min(inputFeatures, (group + 1L) * groupSize);
      for (int k = group * groupSize; k < end; k++) {
        int code = unpacked[k] & 0xFF;
        target[k] = binary ? (2 * code - 1) * scale + offset : scale * (code - offset);
      }
    }
  }

  @Override
  public String scheme() {
    return String.format(
        Locale.ROOT, "%.2f bits on average, groups of %d", nominalBits(), groupSize);
  }

  @Override
  public long storedBytes() {
    return codes.length
        + (long) Float.BYTES * (scales.length + offsets.length)
        + bitsPerGroup.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MixedGroupLinear that
        && outputFeatures == that.outputFeatures
        && inputFeatures == that.inputFeatures
        && groupSize == that.groupSize
        && Arrays.equals(bitsPerGroup, that.bitsPerGroup)
        && Arrays.equals(codes, that.codes)
        && Arrays.equals(scales, that.scales)
        && Arrays.equals(offsets, that.offsets);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        outputFeatures,
        inputFeatures,
        groupSize,
        Arrays.hashCode(bitsPerGroup),
        Arrays.hashCode(codes),
        Arrays.hashCode(scales),
        Arrays.hashCode(offsets));
  }

  @Override
  public String toString() {
    return "MixedGroupLinear[%d x %d, %s bits, groups of %d]"
        .formatted(outputFeatures, inputFeatures, Arrays.toString(bitsPerGroup), groupSize);
  }
}
