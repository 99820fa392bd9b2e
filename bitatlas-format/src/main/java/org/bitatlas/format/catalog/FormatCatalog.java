package org.bitatlas.format.catalog;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatReader;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.awq.AwqReader;
import org.bitatlas.format.awq.AwqWriter;
import org.bitatlas.format.compressed.CompressedTensorsReader;
import org.bitatlas.format.compressed.CompressedTensorsWriter;
import org.bitatlas.format.gguf.GgufFormatWriter;
import org.bitatlas.format.gguf.GgufReader;
import org.bitatlas.format.gptq.GptqReader;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.format.modelslim.ModelSlimReader;
import org.bitatlas.format.modelslim.ModelSlimWriter;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;

/** All formats. */
public final class FormatCatalog {

  /** ModelSlim first: its description counts whatever config.json says. */
  private static final List<FormatReader> READERS =
      List.of(
          new ModelSlimReader(),
          new CompressedTensorsReader(),
          new GptqReader(),
          new AwqReader(),
          new GgufReader());

  private static final List<FormatWriter> WRITERS =
      List.of(
          new CompressedTensorsWriter(),
          new GptqWriter(),
          new AwqWriter(),
          new GgufFormatWriter(),
          new ModelSlimWriter());

  private FormatCatalog() {}

  /**
   * Opens a model folder of any kind: float, BitAtlas's own quantized checkpoint, or a quantized
   * checkpoint of a format that is read.
   *
   * @throws BitAtlasException when it is none of these, or damaged
   */
  public static ModelFolder open(Path folder) {
    return map(folder).inMemory();
  }

  /**
   * As {@link #open}, with quantized layers that are read when they are asked for and not kept, so
   * that the model may be larger than memory; see {@link org.bitatlas.scheme.MappedLinears}.
   *
   * @throws BitAtlasException as {@link #open}, but of layers when they are read
   */
  public static ModelFolder map(Path folder) {
    Optional<FormatReader> reader = readerOf(folder);
    return reader.isPresent() ? reader.get().map(folder) : ModelFolder.map(folder);
  }

  /** The format that a folder is of; empty for a float model and for BitAtlas's own. */
  public static Optional<FormatName> formatOf(Path folder) {
    return readerOf(folder).map(FormatReader::format);
  }

  private static Optional<FormatReader> readerOf(Path folder) {
    if (!Files.exists(folder) || QuantizedCheckpointFolder.isQuantized(folder)) {
      return Optional.empty();
    }
    return READERS.stream().filter(reader -> reader.recognizes(folder)).findFirst();
  }

  /**
   * The writer of a format with its usual options.
   *
   * @throws BitAtlasException when the format is not written
   */
  public static FormatWriter writer(FormatName format) {
    return WRITERS.stream()
        .filter(writer -> writer.format() == format)
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "The format %s is not written yet; written are %s."
                    .formatted(
                        format.label(),
                        WRITERS.stream()
                            .map(writer -> writer.format().label())
                            .collect(Collectors.joining(", ")))));
  }
}
