package org.bitatlas.format;

import java.util.List;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How an export is written.
 *
 * @param shardBytes most tensor bytes of one safetensors file; a larger tensor gets its own
 * @param measured what was measured of the quantized model, one sentence each, for the model card;
 *     empty when nothing was
 */
public record ExportOptions(long shardBytes, List<String> measured) {

  /** Shards of 5 GB, as transformers writes them, and nothing measured. */
  public static final ExportOptions DEFAULT = new ExportOptions(5_000_000_000L, List.of());

  /**
   * Checks the limit.
   *
   * @throws BitAtlasException when it is not positive
   */
  public ExportOptions {
    if (shardBytes < 1) {
      throw new BitAtlasException(
          "A shard of %d bytes holds nothing; give a positive size.".formatted(shardBytes));
    }
  }
}
