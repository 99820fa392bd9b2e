package org.bitatlas.study.target;

/**
 * How a weight [N x K] lies in memory where it is served.
 *
 * @param bits of a weight; 16 for bf16 and fp16, 32 for fp32
 * @param groupSize weights of a row that share a scale; 0 for one per row
 * @param groupBytes bytes beside the codes for each of these: scale, zero point or minimum
 */
public record StoredWeight(double bits, int groupSize, double groupBytes) {

  private static final int FLOAT_BITS = 16;

  /** Not quantized. */
  public static StoredWeight floats(Arithmetic type) {
    return new StoredWeight(type.bytes() * Byte.SIZE, 0, 0);
  }

  /**
   * Codes with scales.
   *
   * @param scaleBytes bytes of a scale
   * @param zeroPoints whether every group has a zero point, of as many bits as a weight
   */
  public static StoredWeight codes(int bits, int groupSize, int scaleBytes, boolean zeroPoints) {
    return new StoredWeight(
        bits, groupSize, scaleBytes + (zeroPoints ? (double) bits / Byte.SIZE : 0));
  }

  /** Whether it is not quantized. */
  public boolean isFloat() {
    return bits >= FLOAT_BITS;
  }

  /** Bytes of a weight, scales and zero points included. */
  public double bytes(double rows, double columns) {
    double groups = groupSize == 0 ? 1 : Math.ceil(columns / groupSize);
    return rows * (columns * bits / Byte.SIZE + groups * groupBytes);
  }
}
