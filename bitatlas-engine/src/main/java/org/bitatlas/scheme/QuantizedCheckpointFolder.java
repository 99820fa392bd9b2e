package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
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
  public static final int FORMAT_VERSION = 2;

  static final String MANIFEST = "bitatlas.json";

  private static final long SHARD_BYTES = 4L << 30;

  private static final Set<String> CARRIED_FILES =
      Set.of(
          "config.json",
          "generation_config.json",
          "tokenizer.model",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "vocab.json",
          "merges.txt");

  private QuantizedCheckpointFolder() {}

  /**
   * An opened folder. Closing it unmaps the float parts; the quantized layers stay usable.
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

  /**
   * Writes a folder: into a hidden sibling first, which then gets the name {@code target} in one
   * step, so that whatever has the name is complete. An earlier quantized checkpoint of that name
   * is replaced.
   *
   * @param base the float checkpoint; the weights of quantized layers are left out
   * @param modelFolder where config.json, tokenizer files and licences are copied from
   * @throws BitAtlasException when the layers do not fit the base checkpoint, when {@code target}
   *     is something else than a quantized checkpoint, or when writing fails
   */
  public static void write(
      QuantizedCheckpoint quantized, Checkpoint base, Path modelFolder, Path target) {
    Path destination = target.toAbsolutePath().normalize();
    Path name = destination.getFileName();
    if (name == null || (Files.exists(destination) && !isReplaceable(destination))) {
      throw new BitAtlasException(
          target + " exists and is not a quantized checkpoint; give another folder.");
    }
    String process = "." + ProcessHandle.current().pid();
    Path partial = destination.resolveSibling("." + name + process + ".partial");
    Path replaced = destination.resolveSibling("." + name + process + ".replaced");
    try {
      delete(partial);
      Files.createDirectories(partial);
      fill(partial, quantized, base, modelFolder);
      if (Files.exists(destination)) {
        delete(replaced);
        Files.move(destination, replaced, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(partial, destination, StandardCopyOption.ATOMIC_MOVE);
      delete(replaced);
    } catch (IOException e) {
      throw new BitAtlasException("Cannot write " + target + ": " + e + ".", e);
    } finally {
      deleteQuietly(partial);
    }
  }

  private static boolean isReplaceable(Path folder) {
    if (isQuantized(folder)) {
      return true;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isEmpty();
    } catch (IOException e) {
      return false;
    }
  }

  private static void fill(
      Path folder, QuantizedCheckpoint quantized, Checkpoint base, Path modelFolder)
      throws IOException {
    CheckpointParts parts = CheckpointParts.of(quantized);
    BaseFit.require(parts, base);
    List<TensorData> tensors = new ArrayList<>();
    Set<String> modules = quantized.linears().keySet();
    for (String name : base.names()) {
      boolean weight =
          name.endsWith(".weight")
              && modules.contains(name.substring(0, name.length() - ".weight".length()));
      if (!weight && !parts.floats().containsKey(name)) {
        tensors.add(TensorData.of(base.get(name)));
      }
    }
    tensors.addAll(parts.tensors());
    SafetensorsWriter.writeSharded(folder, tensors, new LinkedHashMap<>(), SHARD_BYTES);
    copyModelFiles(modelFolder, folder);
    Files.writeString(
        folder.resolve(MANIFEST),
        new CheckpointManifest(ManifestSections.of(parts), quantized.provenance()).toJson(),
        StandardCharsets.UTF_8);
  }

  private static void copyModelFiles(Path from, Path to) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(from)) {
      files = entries.filter(QuantizedCheckpointFolder::isCarried).sorted().toList();
    }
    for (Path file : files) {
      Files.copy(file, to.resolve(file.getFileName().toString()));
    }
  }

  private static boolean isCarried(Path file) {
    String name = file.getFileName().toString();
    boolean legal = name.startsWith("LICENSE") || name.startsWith("NOTICE");
    return Files.isRegularFile(file) && (legal || CARRIED_FILES.contains(name));
  }

  /**
   * Opens a folder and reads its quantized layers.
   *
   * @throws BitAtlasException when it holds no quantized checkpoint, one of a newer format, or one
   *     whose files do not fit together
   */
  public static Opened open(Path folder) {
    if (!isQuantized(folder)) {
      throw new BitAtlasException(
          folder + " holds no quantized checkpoint: it has no " + MANIFEST + ".");
    }
    CheckpointManifest manifest = CheckpointManifest.read(folder.resolve(MANIFEST));
    Checkpoint stored = SafetensorsCheckpoint.open(folder);
    try {
      CheckpointParts parts = manifest.sections().load(stored);
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

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }

  /** After a success nothing is left to delete; after a failure the first error counts. */
  private static void deleteQuietly(Path folder) {
    try {
      delete(folder);
    } catch (IOException e) {
      folder.toFile().deleteOnExit();
    }
  }
}
