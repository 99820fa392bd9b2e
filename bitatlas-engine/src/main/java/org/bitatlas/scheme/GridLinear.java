package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A linear layer on an integer grid: w[n][k] = scale[n][g] * (code[n][k] - zero[n][g]), with g =
 * groupIndex[k], or k / groupSize without an index. The product is one fp32 multiplication.
 *
 * <p>Codes are unsigned, 0 .. 2^bits - 1; a symmetric signed grid stores q + 2^(bits-1) with zero
 * point 2^(bits-1). Two layers are equal when all sizes and all array contents are.
 *
 * <p>With channel scales the scales are of two levels: scale[n][g] = channel[n] * second[n][g], one
 * fp32 multiplication, with second scales that are whole numbers of 1 to 127. A group's codes times
 * its second scale are integers on the grid of the channel, so that sums over groups are exact (Lin
 * and others, QServe, arXiv 2405.04532, section 4.1).
 *
 * @param outputFeatures N
 * @param inputFeatures K
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; K for one scale per output channel
 * @param symmetric whether the grid was fitted symmetrically (the zero points are then constant)
 * @param codes [N x ceil(K * bits / 8)] bytes; element k of a row occupies bits k*bits .. of the
 *     row, least significant bit first, dense across bytes
 * @param scales [N x G], G = ceil(K / groupSize), finite
 * @param zeroPoints [N x G], unsigned, stored in bytes, 0 .. 2^bits - 1
 * @param groupIndex [K] group of each column, when groups are not contiguous
 * @param channelScales [N] of scales in two levels, positive
 */
public record GridLinear(
    int outputFeatures,
    int inputFeatures,
    int bits,
    int groupSize,
    boolean symmetric,
    byte[] codes,
    float[] scales,
    byte[] zeroPoints,
    Optional<int[]> groupIndex,
    Optional<float[]> channelScales)
    implements StoredLinear {

  /** Largest second scale. */
  public static final int MAX_SECOND_SCALE = 127;

  /** A layer whose scales are of one level. */
  public GridLinear(
      int outputFeatures,
      int inputFeatures,
      int bits,
      int groupSize,
      boolean symmetric,
      byte[] codes,
      float[] scales,
      byte[] zeroPoints,
      Optional<int[]> groupIndex) {
    this(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        codes,
        scales,
        zeroPoints,
        groupIndex,
        Optional.empty());
  }

  /**
   * Checks every size and every index.
   *
   * @throws BitAtlasException when a size does not fit the others or a value is out of range
   */
  public GridLinear {
    new GridCells(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        scales,
        zeroPoints,
        groupIndex,
        channelScales);
    long codeBytes = (long) outputFeatures * rowBytes(inputFeatures, bits);
    GridCells.require(codes.length == codeBytes, codeBytes + " code bytes", codes.length);
  }

  /** All but the codes; the arrays are the same. */
  public GridCells cells() {
    return new GridCells(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        scales,
        zeroPoints,
        groupIndex,
        channelScales);
  }

  /**
   * The same layer with scales in two levels.
   *
   * @param channels [N]; every scale is a whole number of 1 to 127 times its channel's
   */
  public GridLinear withChannelScales(float[] channels) {
    return new GridLinear(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        codes,
        scales,
        zeroPoints,
        groupIndex,
        Optional.of(channels));
  }

  /** Whether scales are of two levels. */
  public boolean hasSecondScales() {
    return channelScales.isPresent();
  }

  /** The second scales [N x G]; all 1 where scales are of one level. */
  public byte[] secondScales() {
    return cells().secondScales();
  }

  /**
   * Packs a layer.
   *
   * @param unpackedCodes [N x K], one unsigned code per byte
   * @throws BitAtlasException when a code does not fit {@code bits} or a size does not fit
   */
  public static GridLinear of(
      int outputFeatures,
      int inputFeatures,
      int bits,
      int groupSize,
      boolean symmetric,
      byte[] unpackedCodes,
      float[] scales,
      byte[] zeroPoints,
      Optional<int[]> groupIndex) {
    long count = (long) outputFeatures * inputFeatures;
    GridCells.require(unpackedCodes.length == count, count + " codes", unpackedCodes.length);
    int rowBytes = rowBytes(inputFeatures, bits);
    byte[] packed = new byte[Math.multiplyExact(outputFeatures, rowBytes)];
    int maxCode = (1 << bits) - 1;
    for (int row = 0; row < outputFeatures; row++) {
      int target = row * rowBytes;
      int pending = 0;
      int pendingBits = 0;
      for (int k = 0; k < inputFeatures; k++) {
        int code = unpackedCodes[row * inputFeatures + k] & 0xFF;
        if (code > maxCode) {
          throw GridCells.malformed("codes up to " + maxCode, code);
        }
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
    return new GridLinear(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        packed,
        scales,
        zeroPoints,
        groupIndex);
  }

  /** Bytes of one packed row: ceil(columns * bits / 8). */
  public static int rowBytes(int columns, int bits) {
    return Math.toIntExact(((long) columns * bits + 7) / 8);
  }

  /** Number of groups G of a row. */
  public int groups() {
    return (inputFeatures + groupSize - 1) / groupSize;
  }

  /** Group of column {@code k}. */
  public int group(int k) {
    return groupIndex.isPresent() ? groupIndex.get()[k] : k / groupSize;
  }

  /** Code of element (row, k), 0 .. 2^bits - 1. */
  public int code(int row, int k) {
    int rowBytes = rowBytes(inputFeatures, bits);
    int firstBit = k * bits;
    int at = firstBit >>> 3;
    int base = row * rowBytes;
    int word = codes[base + at] & 0xFF;
    if (at + 1 < rowBytes) {
      word |= (codes[base + at + 1] & 0xFF) << 8;
    }
    return (word >>> (firstBit & 7)) & ((1 << bits) - 1);
  }

  /** Unpacks row {@code row}: K unsigned codes into {@code target}. */
  public void unpackRow(int row, byte[] target) {
    int source = row * rowBytes(inputFeatures, bits);
    int mask = (1 << bits) - 1;
    int pending = 0;
    int pendingBits = 0;
    for (int k = 0; k < inputFeatures; k++) {
      if (pendingBits < bits) {
        pending |= (codes[source++] & 0xFF) << pendingBits;
        pendingBits += 8;
      }
      target[k] = (byte) (pending & mask);
      pending >>>= bits;
      pendingBits -= bits;
    }
  }

  @Override
  public double nominalBits() {
    return bits;
  }

  @Override
  public void dequantizeRow(int row, float[] target) {
    byte[] unpacked = new byte[inputFeatures];
    unpackRow(row, unpacked);
    int cells = row * groups();
    for (int k = 0; k < inputFeatures; k++) {
      int cell = cells + group(k);
      target[k] = scales[cell] * ((unpacked[k] & 0xFF) - (zeroPoints[cell] & 0xFF));
    }
  }

  @Override
  public String scheme() {
    return LinearEntry.of(this).scheme();
  }

  @Override
  public long storedBytes() {
    return codes.length
        + channelScales
            .map(channels -> (long) channels.length * Float.BYTES + scales.length)
            .orElse((long) scales.length * Float.BYTES)
        + zeroPoints.length
        + groupIndex.map(index -> (long) index.length * Integer.BYTES).orElse(0L);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GridLinear that
        && outputFeatures == that.outputFeatures
        && inputFeatures == that.inputFeatures
        && bits == that.bits
        && groupSize == that.groupSize
        && symmetric == that.symmetric
        && Arrays.equals(codes, that.codes)
        && Arrays.equals(scales, that.scales)
        && Arrays.equals(zeroPoints, that.zeroPoints)
        && groupIndex.isPresent() == that.groupIndex.isPresent()
        && Arrays.equals(
            groupIndex.orElseGet(() -> new int[0]), that.groupIndex.orElseGet(() -> new int[0]))
        && channelScales.isPresent() == that.channelScales.isPresent()
        && Arrays.equals(
            channelScales.orElseGet(() -> new float[0]),
            that.channelScales.orElseGet(() -> new float[0]));
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        Arrays.hashCode(codes),
        Arrays.hashCode(scales),
        Arrays.hashCode(zeroPoints),
        groupIndex.map(Arrays::hashCode).orElse(0),
        channelScales.map(Arrays::hashCode).orElse(0));
  }

  @Override
  public String toString() {
    return "GridLinear[%d x %d, %d bits, groups of %d, %s]"
        .formatted(
            outputFeatures, inputFeatures, bits, groupSize, symmetric ? "symmetric" : "asymmetric");
  }
}
