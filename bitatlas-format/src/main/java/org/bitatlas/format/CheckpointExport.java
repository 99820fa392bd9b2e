package org.bitatlas.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.scheme.CarriedFiles;
import org.bitatlas.scheme.PartialFolder;
import org.bitatlas.scheme.ProvenanceFile;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Writes a checkpoint folder of a format. All lies in a hidden sibling until the folder is complete
 * and checked, and then gets its name in one step: a killed export leaves nothing that looks
 * finished. Tensors are written one after another.
 */
public final class CheckpointExport {

  private static final String CARD = "README.md";

  private final ExportSource source;
  private final ExportPlan plan;
  private final ExportOptions options;

  /** An export of a source by the plan that a {@link FormatWriter} made for it. */
  public CheckpointExport(ExportSource source, ExportPlan plan, ExportOptions options) {
    this.source = source;
    this.plan = plan;
    this.options = options;
  }

  /** Bytes of a model's float tensors, in its own type; a tied head counts once. */
  public static long floatBytes(ExportSource source) {
    Architecture architecture = source.architecture();
    long elements = 0;
    for (List<Long> shape : CheckpointValidation.expectedTensors(architecture).values()) {
      elements += shape.stream().reduce(1L, Math::multiplyExact);
    }
    return elements * source.modelType().bits() / Byte.SIZE;
  }

  /**
   * Writes the folder; an earlier export or quantized checkpoint of that name is replaced.
   *
   * @throws BitAtlasException when the result would be larger than the float model, {@code target}
   *     is something else, a licence file would be lost or the disk cannot be written; nothing has
   *     the name {@code target} then that had not before
   */
  public ExportReport write(Path target) {
    long floatBytes = floatBytes(source);
    if (plan.weights().tensorBytes() > floatBytes + plan.weights().widenedBytes()) {
      throw new BitAtlasException(
          "The %s checkpoint would have %d bytes of tensors and the float model has %d; use fewer bits or larger groups."
              .formatted(plan.format().label(), plan.weights().tensorBytes(), floatBytes));
    }
    try (PartialFolder partial = PartialFolder.open(target, CheckpointExport::isReplaceable)) {
      try {
        partial.retainContent(Set.of());
        List<String> weightFiles = content(partial.content());
        partial.publish();
        return new ExportReport(
            target, plan.weights().tensorBytes(), floatBytes, weightFiles, plan.notes());
      } catch (IOException | RuntimeException failure) {
        discard(partial, failure);
        throw failure;
      }
    } catch (IOException e) {
      throw new BitAtlasException("Cannot write " + target + ": " + e + ".", e);
    }
  }

  private static void discard(PartialFolder partial, Exception cause) {
    try {
      partial.discard();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static boolean isReplaceable(Path folder) {
    return QuantizedCheckpointFolder.isQuantized(folder)
        || Files.isRegularFile(folder.resolve(ProvenanceFile.NAME));
  }

  private List<String> content(Path folder) throws IOException {
    requireSpace(folder);
    carry(folder);
    for (Map.Entry<String, byte[]> file : plan.files().entrySet()) {
      AtomicFile.write(folder.resolve(file.getKey()), file.getValue());
    }
    List<String> weightFiles = weights(folder);
    String card = ModelCard.of(source, plan, options, floatBytes(source));
    AtomicFile.write(folder.resolve(CARD), card.getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(
        folder.resolve(ProvenanceFile.NAME),
        ProvenanceFile.content(plan.format().label(), source.quantized().provenance()));
    requireLicences(folder);
    return weightFiles;
  }

  private void requireSpace(Path folder) throws IOException {
    long usable = Files.getFileStore(folder).getUsableSpace();
    if (usable < plan.weights().tensorBytes()) {
      throw new BitAtlasException(
          "The disk of %s has %d bytes left and the export needs %d; free space or give another folder."
              .formatted(folder, usable, plan.weights().tensorBytes()));
    }
  }

  private void carry(Path folder) throws IOException {
    Set<String> made = new HashSet<>(plan.files().keySet());
    List<Path> files =
        plan.carriesModelFiles()
            ? CarriedFiles.of(source.folder())
            : CarriedFiles.legal(source.folder());
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (!made.contains(name)) {
        Files.copy(file, folder.resolve(name));
      }
    }
  }

  /** Writes the weights and checks that the files hold as many bytes as planned. */
  private List<String> weights(Path folder) throws IOException {
    List<String> names;
    long planned;
    long written;
    switch (plan.weights()) {
      case WeightFiles.Safetensors safetensors -> {
        names = ShardedFiles.write(folder, safetensors, options.shardBytes());
        planned = safetensors.tensorBytes();
        written = ShardedFiles.tensorBytes(folder, names);
      }
      case WeightFiles.SingleFile file -> {
        names = List.of(file.name());
        AtomicFile.write(folder.resolve(file.name()), file.body());
        planned = file.fileBytes();
        written = Files.size(folder.resolve(file.name()));
      }
    }
    if (planned != written) {
      throw new BitAtlasException(
          "The %s files hold %d bytes, planned were %d; nothing was exported."
              .formatted(plan.format().label(), written, planned));
    }
    return names;
  }

  private void requireLicences(Path folder) throws IOException {
    for (Path licence : CarriedFiles.legal(source.folder())) {
      Path copy = folder.resolve(licence.getFileName().toString());
      if (!Files.isRegularFile(copy) || Files.mismatch(licence, copy) >= 0) {
        throw new BitAtlasException(
            "The export would lose the licence file %s; nothing was exported.".formatted(licence));
      }
    }
  }
}
