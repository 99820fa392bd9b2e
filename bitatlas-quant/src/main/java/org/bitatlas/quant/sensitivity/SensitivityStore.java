package org.bitatlas.quant.sensitivity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Sensitivity tables in a folder, a file each, named by the digest of their settings: the same
 * model, recipe and texts find the same file, others cannot. Files are replaced as a whole.
 *
 * @param folder made when the first table is put
 */
public record SensitivityStore(Path folder) {

  /** The table of some settings, complete or not. */
  public Optional<SensitivityTable> find(SequencedMap<String, String> settings) {
    Path file = file(settings);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      SensitivityTable found = SensitivityTable.fromJson(Files.readString(file), file.toString());
      return Optional.of(found).filter(table -> table.settings().equals(settings));
    } catch (IOException e) {
      throw new BitAtlasException(
          "The sensitivity file " + file + " cannot be read: " + e + ".", e);
    }
  }

  /** Stores a table in place of what is there for its settings. */
  public void put(SensitivityTable table) {
    Path file = file(table.settings());
    try {
      Files.createDirectories(folder);
      AtomicFile.write(file, table.toJson().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BitAtlasException(
          "The sensitivity file " + file + " cannot be written: " + e + ".", e);
    }
  }

  /** Where the table of some settings is. */
  public Path file(SequencedMap<String, String> settings) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(settings.toString().getBytes(StandardCharsets.UTF_8));
      return folder.resolve(
          "sensitivity-" + HexFormat.of().formatHex(digest).substring(0, 16) + ".json");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
