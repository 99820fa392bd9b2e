package org.bitatlas.scheme;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is known of a finished block while its checkpoint is not complete: the file {@code
 * block-00003.json}, written after the block's shard.
 *
 * @param stored whether the block has a shard; it has none when nothing of it was quantized
 * @param sections what the shard's tensors mean
 * @param journal the caller's own words
 */
record BlockRecord(boolean stored, ManifestSections sections, String journal) {

  static String fileName(int layer) {
    return String.format(Locale.ROOT, "block-%05d.json", layer);
  }

  static String shardName(int layer) {
    return String.format(Locale.ROOT, "block-%05d.safetensors", layer);
  }

  void write(Path file) {
    ObjectNode root = JsonFields.JSON.createObjectNode();
    root.put("stored", stored).put("journal", journal);
    sections.write(root);
    AtomicFile.write(
        file, JsonFields.JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8));
  }

  static BlockRecord read(Path file) {
    JsonFields root = JsonFields.read(file);
    return new BlockRecord(
        root.flag("stored"),
        ManifestSections.read(root, QuantizedCheckpointFolder.FORMAT_VERSION),
        root.text("journal"));
  }

  /** The record of a block whose shard is there and whole; empty when the block must be redone. */
  static Optional<BlockRecord> find(Path file, Path shard) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      BlockRecord record = read(file);
      if (record.stored) {
        try (Checkpoint _ = SafetensorsCheckpoint.open(shard)) {
          return Optional.of(record);
        }
      }
      return Optional.of(record);
    } catch (BitAtlasException damaged) {
      return Optional.empty();
    }
  }
}
