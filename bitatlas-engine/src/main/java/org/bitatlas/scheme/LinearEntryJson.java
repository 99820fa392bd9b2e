package org.bitatlas.scheme;

import tools.jackson.databind.node.ObjectNode;

/** A {@link LinearEntry} as JSON; the names are its own. */
final class LinearEntryJson {

  private LinearEntryJson() {}

  /** Writes the fields of an entry. */
  static void write(LinearEntry entry, ObjectNode target) {
    String kind =
        switch (entry) {
          case LinearEntry.Grid _ -> "grid";
          case LinearEntry.Mixed _ -> "mixed";
          case LinearEntry.Binary _ -> "binary";
          case LinearEntry.Float _ -> "float";
        };
    target
        .put("kind", kind)
        .put("outputFeatures", entry.outputFeatures())
        .put("inputFeatures", entry.inputFeatures());
    switch (entry) {
      case LinearEntry.Grid grid -> {
        target
            .put("bits", grid.bits())
            .put("groupSize", grid.groupSize())
            .put("symmetric", grid.symmetric())
            .put("groupIndex", grid.groupIndex());
        if (grid.secondScales()) {
          target.put("secondScales", true);
        }
      }
      case LinearEntry.Mixed mixed -> target.put("groupSize", mixed.groupSize());
      case LinearEntry.Binary binary -> target.put("blockSize", binary.blockSize());
      case LinearEntry.Float _ -> {}
    }
  }

  /** Reads an entry. */
  static LinearEntry read(JsonFields fields) {
    String kind = fields.text("kind");
    int rows = fields.integer("outputFeatures", 1, Integer.MAX_VALUE);
    int columns = fields.integer("inputFeatures", 1, Integer.MAX_VALUE / 8);
    return switch (kind) {
      case "grid" ->
          new LinearEntry.Grid(
              rows,
              columns,
              fields.integer("bits", 1, 8),
              fields.integer("groupSize", 1, columns),
              fields.flag("symmetric"),
              fields.flag("groupIndex"),
              fields.has("secondScales") && fields.flag("secondScales"));
      case "mixed" -> new LinearEntry.Mixed(rows, columns, fields.integer("groupSize", 1, columns));
      case "binary" ->
          new LinearEntry.Binary(rows, columns, fields.integer("blockSize", 1, columns));
      case "float" -> new LinearEntry.Float(rows, columns);
      default ->
          throw fields.malformed(
              "the layer has kind \"" + kind + "\", known are grid, mixed, binary and float");
    };
  }
}
