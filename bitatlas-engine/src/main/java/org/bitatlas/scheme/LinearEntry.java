package org.bitatlas.scheme;

import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code bitatlas.json} says of a quantized linear layer: what its tensors mean. The names are
 * those of its {@link StoredLinear}.
 */
sealed interface LinearEntry {

  int outputFeatures();

  int inputFeatures();

  /** Of a {@link GridLinear}, kind {@code grid}. */
  record Grid(
      int outputFeatures,
      int inputFeatures,
      int bits,
      int groupSize,
      boolean symmetric,
      boolean groupIndex,
      boolean secondScales)
      implements LinearEntry {}

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
      case GridLinear grid ->
          new Grid(
              rows,
              columns,
              grid.bits(),
              grid.groupSize(),
              grid.symmetric(),
              grid.groupIndex().isPresent(),
              grid.hasSecondScales());
      case MixedGroupLinear mixed -> new Mixed(rows, columns, mixed.groupSize());
      case BinaryLinear binary -> new Binary(rows, columns, binary.blockSize());
      case FloatLinear _ -> new Float(rows, columns);
    };
  }

  /** Writes the fields of this entry. */
  default void write(ObjectNode target) {
    String kind =
        switch (this) {
          case Grid _ -> "grid";
          case Mixed _ -> "mixed";
          case Binary _ -> "binary";
          case Float _ -> "float";
        };
    target
        .put("kind", kind)
        .put("outputFeatures", outputFeatures())
        .put("inputFeatures", inputFeatures());
    switch (this) {
      case Grid grid -> {
        target
            .put("bits", grid.bits)
            .put("groupSize", grid.groupSize)
            .put("symmetric", grid.symmetric)
            .put("groupIndex", grid.groupIndex);
        if (grid.secondScales) {
          target.put("secondScales", true);
        }
      }
      case Mixed mixed -> target.put("groupSize", mixed.groupSize);
      case Binary binary -> target.put("blockSize", binary.blockSize);
      case Float _ -> {}
    }
  }

  /** Reads an entry. */
  static LinearEntry read(JsonFields fields) {
    String kind = fields.text("kind");
    int rows = fields.integer("outputFeatures", 1, Integer.MAX_VALUE);
    int columns = fields.integer("inputFeatures", 1, Integer.MAX_VALUE / 8);
    return switch (kind) {
      case "grid" ->
          new Grid(
              rows,
              columns,
              fields.integer("bits", 1, 8),
              fields.integer("groupSize", 1, columns),
              fields.flag("symmetric"),
              fields.flag("groupIndex"),
              fields.has("secondScales") && fields.flag("secondScales"));
      case "mixed" -> new Mixed(rows, columns, fields.integer("groupSize", 1, columns));
      case "binary" -> new Binary(rows, columns, fields.integer("blockSize", 1, columns));
      case "float" -> new Float(rows, columns);
      default ->
          throw fields.malformed(
              "the layer has kind \"" + kind + "\", known are grid, mixed, binary and float");
    };
  }
}
