package org.bitatlas.kernel.ascend;

/**
 * Which scale {@code npu_dynamic_quant} stores beside the codes of a row. All its kernels multiply
 * the row by inv = limit / max, but the scale they store is rounded in two ways, which differ in
 * the last bit for about a third of all rows (ops-nn, quant/dynamic_quant).
 */
public enum TokenScale {
  /** max * f32(1 / limit): the kernels of rows that fit the unified buffer twice. */
  PRODUCT {
    @Override
    float of(float maximum, int limit) {
      return maximum * (1f / limit);
    }
  },
  /** 1 / inv: the kernels of longer rows. */
  RECIPROCAL {
    @Override
    float of(float maximum, int limit) {
      return 1 / (limit / maximum);
    }
  };

  /** Most columns of the kernel for several rows: 255 repetitions of 64 elements. */
  private static final int MANY_ROWS = 16_320;

  /** Bytes of the unified buffer (192 KiB) that a row may use. */
  private static final int BUFFER = 196_608 - 1024;

  /** Bytes of an element in the kernel that holds two rows at once. */
  private static final int DOUBLE_BUFFERED = 13;

  /**
   * What rows of this width get on a 910B, without smoothing scales: the tiling takes the kernel
   * for several rows for 128 to 16,320 columns that are a multiple of 8, else one that holds a row
   * twice where it fits.
   *
   * @param columns K
   */
  public static TokenScale of(int columns) {
    if (columns >= 128 && columns <= MANY_ROWS && columns % 8 == 0) {
      return PRODUCT;
    }
    int aligned = Math.ceilDiv(columns, 16) * 16;
    return DOUBLE_BUFFERED * aligned < BUFFER ? PRODUCT : RECIPROCAL;
  }

  /**
   * The stored scale.
   *
   * @param maximum largest magnitude of the row
   * @param limit 127 for codes of 8 bits, 7 for 4
   */
  abstract float of(float maximum, int limit);
}
