package org.bitatlas.scheme;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A quantized checkpoint on disk: safetensors files, {@code bitatlas.json} and the model's own
 * small files.
 *
 * <p>A quantized layer's codes, scales and zero points are stored under its module's name, the
 * factors of online transforms likewise, float tensors that a method changed in fp32 under their
 * own names, and everything else of the base checkpoint under its own name and type. Scales are
 * stored in fp32, so that a layer read back is bit for bit the one written. The manifest says what
 * the tensors mean.
 */
public final class QuantizedCheckpointFolder {

  /** Version of the folder's layout; newer ones are refused, older ones read. */
  public static final int FORMAT_VERSION = 3;

  static final String MANIFEST = "bitatlas.json";

  private QuantizedCheckpointFolder() {}

  /**
   * An opened folder. Closing it unmaps the float parts; quantized layers in memory stay usable.
   *
   * @param quantized the quantized linear layers
   * @param floatParts all stored tensors, mapped; embedding, norms, biases and unquantized linears
   *     under their usual names
   */
  public record Opened(QuantizedCheckpoint quantized, Checkpoint floatParts)
      implements AutoCloseable {
    @Override
    public void close() {
      floatParts.close();
    }
  }

  /** Whether {@code folder} holds a quantized checkpoint. */
  public static boolean isQuantized(Path folder) {
    return Files.isRegularFile(folder.resolve(MANIFEST));
  }

  /**
   * Writes a folder: into a hidden sibling first, which then gets the name {@code target} in one
   * step, so that whatever has the name is complete; see {@link QuantizedFolderWriter}. An earlier
   * quantized checkpoint of that name is replaced, and what an interrupted writer left beside it is
   * deleted.
   *
   * @param base the float checkpoint; the weights of quantized layers are left out
   * @param modelFolder where config.json, tokenizer files and licences are copied from
   * @throws BitAtlasException when the layers do not fit the base checkpoint, when {@code target}
   *     is something else than a quantized checkpoint, or when writing fails
   */
  public static void write(
      QuantizedCheckpoint quantized, Checkpoint base, Path modelFolder, Path target) {
    CheckpointParts parts = CheckpointParts.of(quantized);
    BaseFit.require(parts, base);
    try (QuantizedFolderWriter writer = QuantizedFolderWriter.openAnew(target, base, modelFolder)) {
      try {
        for (int layer = 0; layer < writer.blocks(); layer++) {
          writer.writeBlock(layer, parts.piece(Optional.of(layer)), "");
        }
        writer.finish(parts.piece(Optional.empty()), quantized.provenance());
      } catch (RuntimeException e) {
        discard(writer, e);
        throw e;
      }
    }
  }

  private static void discard(QuantizedFolderWriter writer, RuntimeException cause) {
    try {
      writer.discard();
    } catch (BitAtlasException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Opens a folder and reads its quantized layers.
   *
   * @throws BitAtlasException when it holds no quantized checkpoint, one of a newer format, or one
   *     whose files do not fit together
   */
  public static Opened open(Path folder) {
    Opened mapped = map(folder);
    try {
      return new Opened(mapped.quantized().inMemory(), mapped.floatParts());
    } catch (RuntimeException e) {
      mapped.close();
      throw e;
    }
  }

  /**
   * Opens a folder with quantized layers that are read when they are asked for and not kept, so
   * that the model may be larger than memory; see {@link MappedLinears}.
   *
   * @throws BitAtlasException as {@link #open}, but of layers when they are read
   */
  public static Opened map(Path folder) {
    if (!isQuantized(folder)) {
      throw new BitAtlasException(
          folder + " holds no quantized checkpoint: it has no " + MANIFEST + ".");
    }
    CheckpointManifest manifest = CheckpointManifest.read(folder.resolve(MANIFEST));
    Checkpoint stored = SafetensorsCheckpoint.open(folder);
    try {
      CheckpointParts parts = manifest.sections().map(stored);
      QuantizedCheckpoint quantized =
          new QuantizedCheckpoint(
              parts.linears(),
              parts.activations(),
              parts.attention(),
              parts.floats(),
              manifest.provenance());
      return new Opened(quantized, stored);
    } catch (RuntimeException e) {
      stored.close();
      throw e;
    }
  }
}
