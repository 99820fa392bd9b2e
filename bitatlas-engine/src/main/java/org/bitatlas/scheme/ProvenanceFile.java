package org.bitatlas.scheme;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * The file {@code bitatlas-export.json} of a checkpoint that was exported to another format: where
 * it comes from, which the format itself has no field for.
 */
public final class ProvenanceFile {

  /** Its name. */
  public static final String NAME = "bitatlas-export.json";

  private ProvenanceFile() {}

  /**
   * The file's content.
   *
   * @param format name of the format
   */
  public static byte[] content(String format, Provenance provenance) {
    ObjectNode root = JsonFields.JSON.createObjectNode();
    root.put("format", format);
    write(provenance, root.putObject("provenance"));
    return (JsonFields.JSON.writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The provenance that a folder states, if it states one.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when its file is malformed
   */
  public static Optional<Provenance> find(Path folder) {
    Path file = folder.resolve(NAME);
    return Files.isRegularFile(file)
        ? Optional.of(read(JsonFields.read(file).object("provenance")))
        : Optional.empty();
  }

  static void write(Provenance provenance, ObjectNode origin) {
    origin.put("baseModel", provenance.baseModel());
    origin.put("baseWeightsDigest", provenance.baseWeightsDigest());
    ObjectNode recipe = origin.putObject("recipe");
    provenance.recipe().forEach(recipe::put);
    ObjectNode calibration = origin.putObject("calibration");
    provenance.calibration().forEach(calibration::put);
    ObjectNode versions = origin.putObject("versions");
    provenance.versions().forEach(versions::put);
  }

  static Provenance read(JsonFields origin) {
    return new Provenance(
        origin.text("baseModel"),
        origin.text("baseWeightsDigest"),
        origin.map("recipe", JsonFields::text),
        origin.map("calibration", JsonFields::text),
        origin.map("versions", (fields, name) -> fields.integer(name, 0, Integer.MAX_VALUE)));
  }
}
