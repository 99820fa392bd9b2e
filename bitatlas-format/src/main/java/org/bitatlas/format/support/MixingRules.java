package org.bitatlas.format.support;

import java.util.List;
import java.util.Optional;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;

/**
 * What a checkpoint format and a stack that loads it ask of the layers of one checkpoint together,
 * beyond what a {@link SupportedScheme} asks of each.
 *
 * @param format of the checkpoint
 * @param fused layers of a block that run as one and have one scheme
 * @param mixes whether layers may have different bits or group sizes
 * @param oneGroupSize whether all layers that have groups have groups of one size
 * @param actOrder whether the columns of a group need not be neighbours
 */
public record MixingRules(
    FormatName format,
    List<FusedModules> fused,
    boolean mixes,
    boolean oneGroupSize,
    boolean actOrder) {

  /** Weights of a block of GGUF. */
  private static final int BLOCK = 32;

  /** From here on vLLM refuses groups scattered by act order. */
  private static final StackVersion NO_ACT_ORDER = StackVersion.of("0.30.0");

  /**
   * The rules of a format in a stack.
   *
   * <p>GPTQ has overrides by layer ({@code dynamic}): vLLM asks for them by the names of fused
   * layers, GPTQModel by those of the parts, transformers not at all. AWQ has one width and one
   * group size. AscendV1 has one {@code group_size}. GGUF has a type per tensor and llama.cpp fuses
   * nothing.
   */
  public static MixingRules of(FormatName format, ServingStack stack, StackVersion version) {
    return switch (format) {
      case COMPRESSED_TENSORS -> new MixingRules(format, FusedModules.ALL, true, false, false);
      case MODELSLIM -> new MixingRules(format, FusedModules.ALL, true, true, false);
      case AWQ -> new MixingRules(format, FusedModules.ALL, false, true, false);
      case GPTQ ->
          switch (stack.name()) {
            case "gptqmodel" -> new MixingRules(format, List.of(), true, false, true);
            case "transformers" -> new MixingRules(format, List.of(), false, true, true);
            default ->
                new MixingRules(
                    format, FusedModules.ALL, true, false, version.compareTo(NO_ACT_ORDER) < 0);
          };
      case GGUF -> new MixingRules(format, List.of(), true, false, false);
    };
  }

  /**
   * What keeps a checkpoint from holding a layer of a shape, as a phrase; empty where it does.
   *
   * @param columns K of the weight [N x K]
   * @param groupSize weights of a row that share a scale; 0 for one per output channel
   * @param scattered whether the columns of a group are not neighbours
   */
  public Optional<String> objection(int columns, int groupSize, boolean scattered) {
    if (groupSize > 0 && columns % groupSize != 0) {
      return Optional.of("groups of %d do not divide %d columns".formatted(groupSize, columns));
    }
    if (groupSize > 0 && scattered && !actOrder) {
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
