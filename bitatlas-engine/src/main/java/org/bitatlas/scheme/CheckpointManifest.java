package org.bitatlas.scheme;

import java.nio.file.Path;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/** The file {@code bitatlas.json}: what the stored tensors mean, and where they come from. */
record CheckpointManifest(ManifestSections sections, Provenance provenance) {

  String toJson() {
    ObjectNode root = JsonFields.JSON.createObjectNode();
    root.put("formatVersion", QuantizedCheckpointFolder.FORMAT_VERSION);
    ObjectNode origin = root.putObject("provenance");
    origin.put("baseModel", provenance.baseModel());
    origin.put("baseWeightsDigest", provenance.baseWeightsDigest());
    ObjectNode recipe = origin.putObject("recipe");
    provenance.recipe().forEach(recipe::put);
    ObjectNode calibration = origin.putObject("calibration");
    provenance.calibration().forEach(calibration::put);
    ObjectNode versions = origin.putObject("versions");
    provenance.versions().forEach(versions::put);
    sections.write(root);
    return JsonFields.JSON.writeValueAsString(root) + "\n";
  }

  /**
   * Reads and checks a manifest.
   *
   * @throws BitAtlasException when it is of a newer format, is no valid JSON, lacks a field or has
   *     one out of range
   */
  static CheckpointManifest read(Path file) {
    JsonFields root = JsonFields.read(file);
    int version = root.integer("formatVersion", 1, Integer.MAX_VALUE);
    if (version > QuantizedCheckpointFolder.FORMAT_VERSION) {
      throw new BitAtlasException(
          "%s has format version %d, but this BitAtlas reads versions up to %d; update BitAtlas."
              .formatted(file, version, QuantizedCheckpointFolder.FORMAT_VERSION));
    }
    JsonFields origin = root.object("provenance");
    Provenance provenance =
        new Provenance(
            origin.text("baseModel"),
            origin.text("baseWeightsDigest"),
            origin.map("recipe", JsonFields::text),
            origin.map("calibration", JsonFields::text),
            origin.map("versions", (fields, name) -> fields.integer(name, 0, Integer.MAX_VALUE)));
    return new CheckpointManifest(ManifestSections.read(root, version), provenance);
  }
}
