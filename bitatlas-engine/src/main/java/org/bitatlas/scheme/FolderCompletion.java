package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;

/** The last step of writing a quantized folder: all that is not in the shards of its blocks. */
final class FolderCompletion {

  private static final long SHARD_BYTES = 4L << 30;

  private FolderCompletion() {}

  /**
   * Writes the outer parts and what is left of the base checkpoint, index and manifest, and copies
   * the model's small files.
   *
   * @param blockShards names of the shards that are there
   * @param outer parts outside the blocks
   * @param manifest of the whole
   */
  static void complete(
      Path folder,
      List<String> blockShards,
      CheckpointParts outer,
      CheckpointManifest manifest,
      Checkpoint base,
      Path modelFolder)
      throws IOException {
    List<TensorData> tensors = new ArrayList<>(outer.tensors());
    for (String name : base.names()) {
      if (!manifest.sections().replaces(name)) {
        // Asked for again when its turn comes: a base may decode its tensors as they are read.
        StoredTensor tensor = base.get(name);
        tensors.add(
            new TensorData(name, tensor.type(), tensor.shape(), () -> base.get(name).data()));
      }
    }
    List<String> shards = new ArrayList<>(blockShards);
    shards.addAll(
        SafetensorsWriter.writeShards(folder, tensors, new LinkedHashMap<>(), SHARD_BYTES));
    SafetensorsWriter.writeIndex(folder, shards);
    CarriedFiles.copy(modelFolder, folder);
    Files.writeString(
        folder.resolve(QuantizedCheckpointFolder.MANIFEST),
        manifest.toJson(),
        StandardCharsets.UTF_8);
  }
}
