package org.bitatlas.scheme;

/**
 * What is known of a quantized linear layer without reading it: what {@code bitatlas.json} says of
 * it. The names are those of its {@link StoredLinear}.
 */
public sealed interface LinearEntry {

  /** Output features N. */
  int outputFeatures();

  /** Input features K. */
  int inputFeatures();

  /**
   * Of a {@link GridLinear}, kind {@code grid}.
   *
   * @param groupIndex whether groups are scattered over the columns
   * @param secondScales whether scales are of two levels
   */
  record Grid(
      int outputFeatures,
      int inputFeatures,
      int bits,
      int groupSize,
      boolean symmetric,
      boolean groupIndex,
      boolean secondScales)
      implements LinearEntry {

    /** The storage in words, as {@link StoredLinear#scheme()}. */
    public String scheme() {
      return bits
          + " bits, "
          + (groupSize >= inputFeatures ? "one scale per output channel" : "groups of " + groupSize)
          + (secondScales ? " with second scales" : "")
          + (symmetric ? ", symmetric" : ", asymmetric");
    }
  }

  /** Of a {@link MixedGroupLinear}, kind {@code mixed}. */
  record Mixed(int outputFeatures, int inputFeatures, int groupSize) implements LinearEntry {}

  /** Of a {@link BinaryLinear}, kind {@code binary}. */
  record Binary(int outputFeatures, int inputFeatures, int blockSize) implements LinearEntry {}

  /** Of a {@link FloatLinear}, kind {@code float}. */
  record Float(int outputFeatures, int inputFeatures) implements LinearEntry {}

  /** The entry of a layer. */
  static LinearEntry of(StoredLinear linear) {
    int rows = linear.outputFeatures();
    int columns = linear.inputFeatures();
    return switch (linear) {
      case GridLinear grid -> of(grid);
      case MixedGroupLinear mixed -> new Mixed(rows, columns, mixed.groupSize());
      case BinaryLinear binary -> new Binary(rows, columns, binary.blockSize());
      case FloatLinear _ -> new Float(rows, columns);
    };
  }

  /** The entry of a layer on a grid. */
  static Grid of(GridLinear grid) {
    return new Grid(
        grid.outputFeatures(),
        grid.inputFeatures(),
        grid.bits(),
        grid.groupSize(),
        grid.symmetric(),
        grid.groupIndex().isPresent(),
        grid.hasSecondScales());
  }

  /** The entry of a layer on a grid that was read without its codes. */
  static Grid of(GridCells cells) {
    return new Grid(
        cells.outputFeatures(),
        cells.inputFeatures(),
        cells.bits(),
        cells.groupSize(),
        cells.symmetric(),
        cells.groupIndex().isPresent(),
        cells.hasSecondScales());
  }
}
