package org.bitatlas.format;

/** Writes one checkpoint format: says what the files of a quantized checkpoint are there. */
public interface FormatWriter {

  /** The format. */
  FormatName format();

  /**
   * What is written for a checkpoint. A pure function of the source: nothing is written yet, and
   * the tensors' bytes are computed when they are asked for.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when the format, or what loads it, cannot hold
   *     the checkpoint; see {@link FormatRefusal}
   */
  ExportPlan plan(ExportSource source);
}
