package org.bitatlas.scheme;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;

/** A quantized checkpoint on disk: sharded safetensors, {@code bitatlas.json} and model files. */
public final class QuantizedCheckpointFolder {

  /** Version of the folder's layout; newer ones are refused, older ones read. */
  public static final int FORMAT_VERSION = 1;

  static final String MANIFEST = "bitatlas.json";
  static final String CODES = ".codes";
  static final String SCALES = ".scales";
  static final String ZERO_POINTS = ".zero_points";
  static final String GROUP_INDEX = ".group_index";

  private QuantizedCheckpointFolder() {}

  /**
   * An opened folder.
   *
   * @param quantized the quantized linear layers, in memory
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

  /** Whether a tensor name is one of the stored parts of a quantized module. */
  static boolean isPartOf(String name, Set<String> modules) {
    int dot = name.lastIndexOf('.');
    return dot > 0
        && modules.contains(name.substring(0, dot))
        && switch (name.substring(dot)) {
          case CODES, SCALES, ZERO_POINTS, GROUP_INDEX -> true;
          default -> false;
        };
  }

  /** Writes the folder {@code target}. */
  public static void write(
      QuantizedCheckpoint quantized, Checkpoint base, Path modelFolder, Path target) {
    throw new UnsupportedOperationException();
  }

  /** Opens a folder. */
  public static Opened open(Path folder) {
    throw new UnsupportedOperationException();
  }
}
