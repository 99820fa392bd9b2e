package org.bitatlas.scheme;

import java.nio.file.Path;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/** The file {@code bitatlas.json}: what the stored tensors mean, and where they come from. */
record CheckpointManifest(ManifestSections sections, Provenance provenance) {

  String toJson() {
    ObjectNode root = JsonFields.JSON.createObjectNode();
    root.put("formatVersion", QuantizedCheckpointFolder.FORMAT_VERSION);
    ProvenanceFile.write(provenance, root.putObject("provenance"));
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
    Provenance provenance = ProvenanceFile.read(root.object("provenance"));
    return new CheckpointManifest(ManifestSections.read(root, version), provenance);
  }
}
