package org.bitatlas.kernel;

import org.bitatlas.tensor.ElementType;

/**
 * oneDNN's two products of attention with a block of keys: scores S = Q K^T and outputs O = P V,
 * with K^T [d x keys] and V [keys x d] as they are made for one call, sums in fp32.
 */
final class AttentionProducts implements AutoCloseable {

  private final ElementType type;
  private final int keys;
  private final int dimension;
  private final MatmulKernel scores;
  private final MatmulKernel outputs;

  /**
   * Products of a size.
   *
   * @param type of Q, K, P and V: F32 or BF16
   * @param keys of a block
   * @param dimension d
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel for them
   */
  AttentionProducts(ElementType type, int keys, int dimension) {
    this.type = type;
    this.keys = keys;
    this.dimension = dimension;
    scores = MatmulKernel.acquireUnpacked(shape(keys, dimension));
    outputs = scores.beside(shape(dimension, keys));
  }

  private MatmulShape shape(int columns, int depth) {
    return new MatmulShape(type, ElementType.F32, columns, depth, columns, false, false, false);
  }

  /** Keys of a block. */
  int keys() {
    return keys;
  }

  /** Values of a head. */
  int dimension() {
    return dimension;
  }

  /** Elements from one dimension of K^T to the next. */
  int keyStride() {
    return MatmulKernel.columnStride(keys);
  }

  /** Elements from one value of V to the next. */
  int valueStride() {
    return MatmulKernel.columnStride(dimension);
  }

  /** Bytes of K^T and V of a block. */
  long bytes() {
    long elements = (long) dimension * keyStride() + (long) keys * valueStride();
    return elements * type.bits() / Byte.SIZE;
  }

  /** Where V begins behind K^T, in elements. */
  long valuesAt() {
    return (long) dimension * keyStride();
  }

  /**
   * S [rows x keys] of Q [rows x d], by addresses.
   *
   * @param block of K^T
   */
  void scores(int rows, long queries, long block, long results) {
    scores.multiply(rows, queries, block, 0, 0, 0, results);
  }

  /**
   * O [rows x d] of P [rows x keys], by addresses.
   *
   * @param block of K^T, which V stands behind
   */
  void outputs(int rows, long weights, long block, long results) {
    long values = block + valuesAt() * type.bits() / Byte.SIZE;
    outputs.multiply(rows, weights, values, 0, 0, 0, results);
  }

  String implementation() {
    return scores.implementation();
  }

  @Override
  public void close() {
    scores.release();
    outputs.release();
  }
}
