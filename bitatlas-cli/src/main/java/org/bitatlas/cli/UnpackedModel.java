package org.bitatlas.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.checkpoint.FolderTree;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.gguf.GgufUnpacking;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The folder of a model that may be a GGUF file. Such a file is unpacked for the time being: its
 * configuration and tokenizer are inside of it.
 *
 * @param folder a folder with {@code config.json}
 * @param temporary what {@link #close()} deletes
 */
record UnpackedModel(Path folder, Optional<Path> temporary) implements AutoCloseable {

  private static final String SUFFIX = ".gguf";

  /**
   * The folder of a model as a user names it.
   *
   * @throws BitAtlasException when there is no such model or the file cannot be unpacked
   */
  static UnpackedModel of(String model) {
    Path path = model.endsWith(SUFFIX) ? Path.of(model) : ModelReference.folder(model);
    if (!FormatCatalog.formatOf(path).equals(Optional.of(FormatName.GGUF))) {
      return new UnpackedModel(
          model.endsWith(SUFFIX) ? ModelReference.folder(model) : path, Optional.empty());
    }
    try {
      Path temporary = Files.createTempDirectory("bitatlas-convert");
      UnpackedModel unpacked =
          new UnpackedModel(temporary.resolve("model"), Optional.of(temporary));
      try {
        GgufUnpacking.unpack(path, unpacked.folder(), Optional.empty());
      } catch (RuntimeException e) {
        unpacked.close();
        throw e;
      }
      return unpacked;
    } catch (IOException e) {
      throw new BitAtlasException("Cannot unpack " + model + ": " + e + ".", e);
    }
  }

  @Override
  public void close() {
    if (temporary.isEmpty()) {
      return;
    }
    try {
      FolderTree.delete(temporary.get());
    } catch (IOException e) {
      throw new BitAtlasException(
          "The temporary folder %s cannot be deleted: %s; delete it by hand."
              .formatted(temporary.get(), e),
          e);
    }
  }
}
