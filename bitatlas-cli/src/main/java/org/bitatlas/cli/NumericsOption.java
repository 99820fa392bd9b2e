package org.bitatlas.cli;

import java.util.Optional;
import org.bitatlas.model.Execution;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Whose arithmetic quantized layers compute in. */
final class NumericsOption {

  @Option(
      names = "--numerics",
      paramLabel = "N",
      converter = Names.class,
      description =
          "ours, or ascend-910b: compute quantized layers as that NPU does, in bf16 (emulated,"
              + " never run on hardware; docs/ascend-numerics.md); ascend-910b-rounded-scales:"
              + " as it does with static scales that were rounded before they were stored.")
  Optional<Numerics> asked = Optional.empty();

  /**
   * What was asked for.
   *
   * @param emulation empty for our own arithmetic
   */
  record Numerics(Optional<Execution> emulation) {}

  /** The emulation asked for. */
  Optional<Execution> emulation() {
    return asked.flatMap(Numerics::emulation);
  }

  /** Names as {@link Execution#ofNumerics} reads them. */
  static final class Names implements ITypeConverter<Numerics> {
    @Override
    public Numerics convert(String value) {
      try {
        return new Numerics(Execution.ofNumerics(value));
      } catch (BitAtlasException refused) {
        throw new TypeConversionException(String.valueOf(refused.getMessage()));
      }
    }
  }
}
