package org.bitatlas.kernel;

import org.bitatlas.tensor.ElementType;

/**
 * A product Y = X W^T of one slice of output features, for any number of rows: X [M x depth], W
 * [columns x depth], Y [M x columns] inside rows of {@code outputStride} elements.
 *
 * @param input type of X and W, except that W is I8 where X is U8
 * @param output type of Y
 * @param columns output features of the slice
 * @param depth K
 * @param outputStride elements from one row of Y to the next
 * @param channelScaled whether sums are multiplied by a scale per output feature
 * @param biased whether a bias per output feature is added after that
 * @param rowScaled whether the result is multiplied by a scale per row
 */
record MatmulShape(
    ElementType input,
    ElementType output,
    int columns,
    int depth,
    long outputStride,
    boolean channelScaled,
    boolean biased,
    boolean rowScaled) {

  /** Type of W. */
  ElementType weight() {
    return input == ElementType.U8 ? ElementType.I8 : input;
  }

  /** The same product for a slice of another width. */
  MatmulShape withColumns(int other) {
    return new MatmulShape(
        input, output, other, depth, outputStride, channelScaled, biased, rowScaled);
  }

  /** The same product in words, for messages. */
  String inWords(int rows) {
    return "%s [%d x %d] x %s [%d x %d] -> %s%s%s%s"
        .formatted(
            input,
            rows,
            depth,
            weight(),
            columns,
            depth,
            output,
            channelScaled ? " with a scale per channel" : "",
            biased ? " with a bias" : "",
            rowScaled ? " with a scale per row" : "");
  }
}
