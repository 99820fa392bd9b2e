package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * Adds the bias to tiles of a product as they are done: oneDNN would add it before the scale of the
 * row. The product is in fp32, the sum in the type of the layer.
 *
 * @param bias b [N]
 * @param product [M x N] of F32
 * @param output [M x N]; may be {@code product}
 */
record TileBias(float[] bias, MemorySegment product, MemorySegment output, ElementType type) {

  /**
   * The bias of a product whose sum goes to {@code output}.
   *
   * @param memory of {@code product}
   */
  static TileBias between(float[] bias, Tensor product, MemorySegment memory, Tensor output) {
    MemorySegment sums = output == product ? memory : output.memory();
    return new TileBias(bias, memory, sums, output.elementType());
  }

  /** Adds it to a tile. */
  void add(int firstRow, int rows, int firstColumn, int columns, RowScratch scratch) {
    float[] values = scratch.rows(columns);
    for (int row = firstRow; row < firstRow + rows; row++) {
      long first = (long) row * bias.length + firstColumn;
      RowFormat.read(product, ElementType.F32, first, columns, values, 0);
      for (int n = 0; n < columns; n++) {
        values[n] += bias[firstColumn + n];
      }
      RowFormat.write(values, 0, columns, output, type, first);
    }
  }
}
