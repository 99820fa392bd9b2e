package org.bitatlas.cli;

import java.util.List;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.awq.AwqWriter;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.compressed.CompressedTensorsWriter;
import org.bitatlas.format.gguf.GgufFormatWriter;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.format.modelslim.ModelSlimWriter;
import picocli.CommandLine.Option;

/** How a checkpoint is written in a format. */
final class FormatOptions {

  private static final long BYTES_PER_GIGABYTE = 1_000_000_000L;

  @Option(
      names = "--round-scales",
      description =
          "Round scales to the type that the format stores. Without it a checkpoint whose scales it"
              + " does not hold is refused, or keeps them in fp32 where the format can. modelslim:"
              + " to what the NPU makes of them.")
  boolean roundScales;

  @Option(
      names = "--gptq-format",
      paramLabel = "v1|v2",
      description = "How gptq stores zero points: less 1 (v1, default) or as they are (v2).")
  GptqVersion gptqVersion = GptqVersion.V1;

  @Option(
      names = "--pack-activations",
      description =
          "compressed-tensors: pack the weights of layers whose inputs are rounded too (default:"
              + " one code per byte, as the library infers).")
  boolean packWithActivations;

  @Option(
      names = "--shard-size",
      paramLabel = "GB",
      description = "Most gigabytes of tensors in one safetensors file (default: 5).")
  double shardGigabytes = 5;

  /** The writer of a format. */
  FormatWriter writer(FormatName format) {
    return switch (format) {
      case COMPRESSED_TENSORS -> new CompressedTensorsWriter(packWithActivations, roundScales);
      case GPTQ -> new GptqWriter(gptqVersion, roundScales);
      case AWQ -> new AwqWriter(roundScales);
      case GGUF -> new GgufFormatWriter(roundScales);
      case MODELSLIM -> new ModelSlimWriter(roundScales);
      default -> FormatCatalog.writer(format);
    };
  }

  /** Shard size, and what was measured. */
  ExportOptions export(List<String> measured) {
    if (!(shardGigabytes > 0)) {
      throw new UsageException("--shard-size is " + shardGigabytes + "; give a positive number.");
    }
    return new ExportOptions(Math.round(shardGigabytes * BYTES_PER_GIGABYTE), measured);
  }
}
