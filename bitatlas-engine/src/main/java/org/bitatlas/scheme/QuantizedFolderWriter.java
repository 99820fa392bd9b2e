package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a quantized checkpoint block by block, so that memory does not grow with their number and
 * an interrupted job goes on where it was. Until {@link #finish}, all lies in the hidden sibling
 * {@code .NAME.partial} of the folder NAME: {@code job.json} with the job's key, per finished block
 * a shard and {@code block-00003.json}, and the caller's own {@code work} files. The finished
 * folder has the same bytes whether the job was interrupted or not. Used by one thread.
 */
public final class QuantizedFolderWriter implements AutoCloseable {

  private static final String JOB = "job.json";
  private static final String WORK = "work";

  private final PartialFolder partial;
  private final Path target;
  private final Checkpoint base;
  private final Path modelFolder;
  private final int blocks;
  private int blocksDone;

  private QuantizedFolderWriter(
      PartialFolder partial, Path target, Checkpoint base, Path modelFolder) {
    this.partial = partial;
    this.target = target;
    this.base = base;
    this.modelFolder = modelFolder;
    this.blocks =
        base.names().stream()
            .flatMap(name -> BlockNames.layer(name).stream())
            .mapToInt(layer -> layer + 1)
            .max()
            .orElse(0);
  }

  /**
   * Opens the writer of a folder. When an interrupted job with the same key left finished blocks,
   * they are kept; what a job with another key left is deleted.
   *
   * @param target the folder to write; an earlier quantized checkpoint there is replaced at the end
   * @param base the float checkpoint; must stay open until {@link #finish}
   * @param modelFolder where config.json, tokenizer files and licences are copied from
   * @param jobKey names everything that determines the result, for example a digest of weights,
   *     recipe and calibration set
   * @throws BitAtlasException when {@code target} is something else than a quantized checkpoint,
   *     another run writes it, or the disk cannot be written
   */
  public static QuantizedFolderWriter open(
      Path target, Checkpoint base, Path modelFolder, String jobKey) {
    return open(target, base, modelFolder, jobKey, true);
  }

  /** As {@link #open(Path, Checkpoint, Path, String)}, but with no block done. */
  static QuantizedFolderWriter openAnew(Path target, Checkpoint base, Path modelFolder) {
    return open(target, base, modelFolder, "", false);
  }

  private static QuantizedFolderWriter open(
      Path target, Checkpoint base, Path modelFolder, String jobKey, boolean resume) {
    try {
      PartialFolder partial = PartialFolder.open(target, QuantizedCheckpointFolder::isQuantized);
      try {
        QuantizedFolderWriter writer =
            new QuantizedFolderWriter(partial, target, base, modelFolder);
        writer.prepare(jobKey, resume);
        return writer;
      } catch (IOException | RuntimeException e) {
        partial.close();
        throw e;
      }
    } catch (IOException e) {
      throw unwritable(target, e);
    }
  }

  private void prepare(String jobKey, boolean resume) throws IOException {
    ObjectNode root = JsonFields.JSON.createObjectNode();
    root.put("formatVersion", QuantizedCheckpointFolder.FORMAT_VERSION).put("jobKey", jobKey);
    String job = JsonFields.JSON.writeValueAsString(root);
    Path file = partial.resolve(JOB);
    boolean same = Files.isRegularFile(file) && Files.readString(file).equals(job);
    if (!same || !resume) {
      partial.clear();
      AtomicFile.write(file, job.getBytes(StandardCharsets.UTF_8));
    }
    Set<String> shards = new HashSet<>();
    while (blocksDone < blocks) {
      Optional<BlockRecord> found = BlockRecord.find(recordFile(blocksDone), shardFile(blocksDone));
      if (found.isEmpty()) {
        break;
      }
      shards.add(BlockRecord.shardName(blocksDone));
      blocksDone++;
    }
    // A shard without its record, and what a finish that was cut off had written.
    partial.retainContent(shards);
    Files.createDirectories(workFolder());
  }

  private Path recordFile(int layer) {
    return partial.resolve(BlockRecord.fileName(layer));
  }

  private Path shardFile(int layer) {
    return partial.content().resolve(BlockRecord.shardName(layer));
  }

  /** Number of blocks of the model. */
  public int blocks() {
    return blocks;
  }

  /** Number of finished blocks: {@code 0 .. blocksDone - 1} need not be written again. */
  public int blocksDone() {
    return blocksDone;
  }

  /** A folder for the caller's own files, kept until the job is finished or another begins. */
  public Path workFolder() {
    return partial.resolve(WORK);
  }

  /**
   * Writes the next block.
   *
   * @param layer its index, equal to {@link #blocksDone()}
   * @param parts what a method made of it
   * @param journal anything the caller wants back from {@link #journal} after an interruption
   * @throws BitAtlasException when the parts do not fit the base checkpoint, or writing fails
   */
  public void writeBlock(int layer, BlockParts parts, String journal) {
    if (layer != blocksDone || layer >= blocks) {
      throw new IllegalArgumentException(
          "block %d of %d is given, but %d are done".formatted(layer, blocks, blocksDone));
    }
    CheckpointParts content = checked(Optional.of(layer), parts);
    List<TensorData> tensors = content.tensors();
    if (!tensors.isEmpty()) {
      SafetensorsWriter.write(shardFile(layer), tensors, new LinkedHashMap<>());
    }
    new BlockRecord(!tensors.isEmpty(), ManifestSections.of(content), journal)
        .write(recordFile(layer));
    blocksDone++;
  }

  private CheckpointParts checked(Optional<Integer> layer, BlockParts parts) {
    CheckpointParts content = CheckpointParts.of(layer, parts);
    List<Set<String>> names =
        List.of(parts.linears().keySet(), parts.activations().keySet(), parts.floats().keySet());
    for (String name : names.stream().flatMap(Set::stream).toList()) {
      if (!BlockNames.layer(name).equals(layer)) {
        throw new IllegalArgumentException(
            name + " is not of " + layer.map(block -> "block " + block).orElse("the outer parts"));
      }
    }
    BaseFit.require(content, base);
    return content;
  }

  /** What was given with a finished block. */
  public String journal(int layer) {
    return done(layer).journal();
  }

  /** The parts of a finished block, read back. */
  public BlockParts block(int layer) {
    BlockRecord record = done(layer);
    if (!record.stored()) {
      // Nothing of it is in a tensor, so none is read.
      return record.sections().load(base).piece(Optional.of(layer));
    }
    try (Checkpoint shard = SafetensorsCheckpoint.open(shardFile(layer))) {
      return record.sections().load(shard).piece(Optional.of(layer));
    }
  }

  private BlockRecord done(int layer) {
    if (layer < 0 || layer >= blocksDone) {
      throw new IllegalArgumentException("block " + layer + " is not done");
    }
    return BlockRecord.read(recordFile(layer));
  }

  /**
   * Completes the folder: writes the outer parts, all that is left of the base checkpoint, index
   * and manifest, copies the model's small files and gives the folder its name in one step. The
   * writer is then closed.
   *
   * @param outer quantized embedding and head, replaced tensors outside the blocks
   * @param provenance how the checkpoint was made
   * @throws BitAtlasException when the parts do not fit the base checkpoint, or writing fails
   */
  public void finish(BlockParts outer, Provenance provenance) {
    finish(outer, provenance, Map.of());
  }

  /**
   * As {@link #finish(BlockParts, Provenance)}, with documents beside the checkpoint.
   *
   * @param documents texts by file name
   */
  public void finish(BlockParts outer, Provenance provenance, Map<String, String> documents) {
    if (blocksDone < blocks) {
      throw new IllegalStateException("%d of %d blocks are done".formatted(blocksDone, blocks));
    }
    CheckpointParts content = checked(Optional.empty(), outer);
    ManifestSections sections = ManifestSections.of(content);
    List<String> shards = new ArrayList<>();
    for (int layer = 0; layer < blocks; layer++) {
      BlockRecord record = done(layer);
      sections.addAll(record.sections());
      if (record.stored()) {
        shards.add(BlockRecord.shardName(layer));
      }
    }
    writing(() -> {
      for (Map.Entry<String, String> document : documents.entrySet()) {
        Files.writeString(partial.content().resolve(document.getKey()), document.getValue());
      }
      FolderCompletion.complete(
          partial.content(),
          shards,
          content,
          new CheckpointManifest(sections, provenance),
          base,
          modelFolder);
      partial.publish();
    });
    close();
  }

  /** Deletes all that was written. The writer is then closed. */
  public void discard() {
    writing(partial::discard);
    close();
  }

  /** Lets other runs in. What was written stays for a run with the same key. */
  @Override
  public void close() {
    writing(partial::close);
  }

  private interface Action {
    void run() throws IOException;
  }

  private void writing(Action action) {
    try {
      action.run();
    } catch (IOException e) {
      throw unwritable(target, e);
    }
  }

  private static BitAtlasException unwritable(Path target, IOException e) {
    return new BitAtlasException("Cannot write " + target + ": " + e + ".", e);
  }
}
