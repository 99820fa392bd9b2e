package org.bitatlas.format;

import java.nio.file.Path;
import org.bitatlas.model.ModelFolder;

/** Reads one checkpoint format, so that the model can be run, evaluated and converted. */
public interface FormatReader {

  /** The format. */
  FormatName format();

  /** Whether a folder is of this format; looks at no more than names and small JSON files. */
  boolean recognizes(Path folder);

  /**
   * Opens a folder of this format: its quantized layers as a neutral checkpoint, bit for bit, and
   * the float tensors under their Hugging Face names ({@link ModelFolder#checkpoint()} holds
   * nothing else).
   *
   * @throws org.bitatlas.tensor.BitAtlasException when the folder is damaged, contradicts itself or
   *     holds what the neutral checkpoint has no place for
   */
  default ModelFolder read(Path folder) {
    return map(folder).inMemory();
  }

  /**
   * As {@link #read}, with quantized layers that are read when they are asked for and not kept, so
   * that the model may be larger than memory; see {@link org.bitatlas.scheme.MappedLinears}.
   *
   * @throws org.bitatlas.tensor.BitAtlasException as {@link #read}, but of codes when they are read
   */
  ModelFolder map(Path folder);
}
