package org.bitatlas.cli;

import java.util.Locale;
import java.util.Optional;
import org.bitatlas.model.Execution;
import org.bitatlas.model.TransformerModel;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How the layers of a quantized model are computed. */
final class ExecutionOptions {

  /** What {@code --require-kernel} takes. */
  enum Requirement {
    /** The arithmetic that the checkpoint's scheme promises for each layer. */
    SCHEME
  }

  @Option(
      names = "--execution",
      paramLabel = "E",
      converter = Names.class,
      description =
          "simulated (dequantized once, rounded in float) or integer (packed codes, integer"
              + " products). Default: simulated; of bench: integer.")
  Optional<Execution> execution = Optional.empty();

  @Option(
      names = "--require-kernel",
      paramLabel = "K",
      description =
          "scheme: fail when a quantized layer would not run in the arithmetic of its scheme.")
  Optional<Requirement> required = Optional.empty();

  /** The execution asked for, if any. */
  Optional<Execution> asked() {
    return execution;
  }

  /** The execution asked for, or the default. */
  Execution execution() {
    return execution.orElse(Execution.SIMULATED);
  }

  /** Whether kernels are required. */
  boolean requiresKernels() {
    return required.isPresent();
  }

  /** Checks a loaded model; a float one has nothing to require. */
  void check(TransformerModel model, boolean quantized) {
    if (quantized && requiresKernels()) {
      model.requirePromisedKernels();
    }
  }

  /** The executions that are our own. */
  static final class Names implements ITypeConverter<Execution> {
    @Override
    public Execution convert(String value) {
      for (Execution execution : Execution.values()) {
        if (!execution.emulated() && name(execution).equalsIgnoreCase(value)) {
          return execution;
        }
      }
      throw new TypeConversionException(
          "there is no execution '%s'; give simulated or integer".formatted(value));
    }
  }

  /** Name of an execution on the command line. */
  static String name(Execution execution) {
    return execution.name().toLowerCase(Locale.ROOT);
  }
}
