package org.bitatlas.format.check;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.gptq.GptqScheme;
import org.bitatlas.format.gptq.GptqSchemes;
import org.bitatlas.format.support.MixingRules;
import org.bitatlas.format.support.StackVersion;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * How a loader understands the configuration of a GPTQ folder. GPTQModel asks the overrides by the
 * name of each layer, vLLM by that of the fused layer; transformers, which loads through optimum,
 * does not read them. vLLM and optimum quantize only layers named in {@code
 * modules_in_block_to_quantize} where there is such a list, and vLLM without one those that have
 * integers in the files. Read in vLLM 0.11.2 to 0.33.0, GPTQModel 7.7.0 and optimum 2.3.0.
 *
 * @param target the loader
 * @param schemes what the configuration says
 * @param only {@code modules_in_block_to_quantize}, flat; empty where all are meant
 * @param head whether the head is said to be quantized
 */
record GptqReading(LoaderTarget target, GptqSchemes schemes, List<String> only, boolean head) {

  /** From here on vLLM has only the kernels for symmetric 4 and 8 bits. */
  private static final StackVersion ONE_KERNEL = StackVersion.of("0.22.0");

  private static final Set<Integer> MARLIN_BITS = Set.of(4, 8);
  private static final Set<Integer> MARLIN_GROUPS = Set.of(GptqScheme.CHANNEL, 32, 64, 128);

  /** Whether fused layers run as one. */
  boolean fuses() {
    return !rules().fused().isEmpty();
  }

  /** Whether overrides are read. */
  boolean overrides() {
    return rules().mixes();
  }

  private MixingRules rules() {
    return MixingRules.of(FormatName.GPTQ, target.stack(), target.version());
  }

  /** The name that the loader asks for. */
  String asked(String module) {
    return fuses() ? FusedModules.whole(module).orElse(module) : module;
  }

  /**
   * The scheme that the loader gives a layer; empty where it looks for floats.
   *
   * @param integers whether the files have integers for the layer
   */
  Optional<GptqScheme> scheme(String module, boolean integers) {
    boolean isHead = module.equals(QuantizedCheckpoint.HEAD);
    if (isHead && !(head && overrides())) {
      return Optional.empty();
    }
    if (!overrides()) {
      boolean wanted = only.isEmpty() || only.stream().anyMatch(module::endsWith);
      return wanted ? Optional.of(schemes.general()) : Optional.empty();
    }
    if (fuses() && !(only.isEmpty() ? integers : only.stream().anyMatch(module::contains))) {
      return Optional.empty();
    }
    return new GptqSchemes(general(), schemes.overrides()).scheme(asked(module));
  }

  /** The scheme that overrides start from: without groups vLLM forgets {@code desc_act}. */
  private GptqScheme general() {
    GptqScheme stated = schemes.general();
    return fuses() && stated.groupSize() == GptqScheme.CHANNEL
        ? new GptqScheme(stated.bits(), stated.groupSize(), false, stated.symmetric())
        : stated;
  }

  /** Whether act order is stated, for groups, to a loader that refuses it wherever it stands. */
  boolean refusesActOrder() {
    return !rules().actOrder()
        && Stream.concat(
                Stream.of(schemes.general()),
                schemes.overrides().stream()
                    .flatMap(override -> override.fields().stream())
                    .map(fields -> schemes.general().with(fields)))
            .anyMatch(scheme -> scheme.actOrder() && scheme.groupSize() != GptqScheme.CHANNEL);
  }

  /** Whether kernels take the middle of the codes for the zero point of symmetric layers. */
  boolean ignoresZeroPoints() {
    return fuses() && (hasOneKernel() || isMarlin(schemes.general()));
  }

  /** Whether the general scheme alone makes the loader stop, used or not. */
  boolean refusesGeneral() {
    GptqScheme general = schemes.general();
    return fuses()
        && hasOneKernel()
        && !(MARLIN_BITS.contains(general.bits()) && general.symmetric());
  }

  /** Whether asymmetric weights of version 1 make the loader stop where others wrote them. */
  boolean refusesAsymmetric() {
    return target.is(LoaderTarget.GPTQMODEL) && !schemes.general().symmetric();
  }

  private boolean hasOneKernel() {
    return target.version().compareTo(ONE_KERNEL) >= 0;
  }

  /** Whether vLLM chose kernels by the general scheme that do not have this one. */
  boolean isBeside(GptqScheme scheme) {
    return fuses() && !hasOneKernel() && isMarlin(schemes.general()) && !isMarlin(scheme);
  }

  private static boolean isMarlin(GptqScheme scheme) {
    return MARLIN_BITS.contains(scheme.bits())
        && scheme.symmetric()
        && MARLIN_GROUPS.contains(scheme.groupSize());
  }
}
