package org.bitatlas.format.support;

import java.util.List;
import java.util.Optional;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;

/**
 * What a checkpoint format and those that load it ask of the layers of one checkpoint together,
 * beyond what a {@link SupportedScheme} asks of each.
 *
 * @param fused layers of a block that run as one and have one scheme
 * @param mixes whether layers may have different bits or group sizes
 * @param oneGroupSize whether all layers that have groups have groups of one size
 */
public record MixingRules(List<FusedModules> fused, boolean mixes, boolean oneGroupSize) {

  /** Weights of a block of GGUF. */
  private static final int BLOCK = 32;

  /**
   * The rules of a format.
   *
   * <p>GPTQ has overrides by layer ({@code dynamic}), but vLLM looks them up by the names of fused
   * layers, which a checkpoint does not have; so mixed widths are not counted as loaded. AWQ has
   * one width and one group size. AscendV1 has one {@code group_size}. GGUF has a type per tensor
   * and llama.cpp fuses nothing.
   */
  public static MixingRules of(FormatName format) {
    return switch (format) {
      case COMPRESSED_TENSORS -> new MixingRules(FusedModules.ALL, true, false);
      case MODELSLIM -> new MixingRules(FusedModules.ALL, true, true);
      case GPTQ, AWQ -> new MixingRules(FusedModules.ALL, false, true);
      case GGUF -> new MixingRules(List.of(), true, false);
    };
  }

  /**
   * What keeps a format from holding a layer of a shape, as a phrase; empty where it does.
   *
   * @param columns K of the weight [N x K]
   * @param groupSize weights of a row that share a scale; 0 for one per output channel
   * @param scattered whether the columns of a group are not neighbours
   */
  public static Optional<String> objection(
      FormatName format, int columns, int groupSize, boolean scattered) {
    if (groupSize > 0 && columns % groupSize != 0) {
      return Optional.of("groups of %d do not divide %d columns".formatted(groupSize, columns));
    }
    if (groupSize > 0 && scattered && format != FormatName.GPTQ) {
      return Optional.of("groups are scattered over the columns (act_order without static_groups)");
    }
    if (groupSize > 0 && groupSize >= columns && format == FormatName.MODELSLIM) {
      return Optional.of("groups of %d are whole rows of %d".formatted(groupSize, columns));
    }
    if (format == FormatName.GGUF && columns % BLOCK != 0) {
      return Optional.of("rows of %d are no whole blocks of %d".formatted(columns, BLOCK));
    }
    return Optional.empty();
  }
}
