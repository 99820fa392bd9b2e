package org.bitatlas.cli;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bitatlas.tokenizer.ThinkingMode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Thinking modes as they are written on the command line: {@code slow_think} or {@code slow}. */
final class ThinkingModes implements ITypeConverter<ThinkingMode> {

  @Override
  public ThinkingMode convert(String value) {
    return ThinkingMode.named(value)
        .orElseThrow(() ->
            new TypeConversionException(
                "'"
                    + value
                    + "' is no thinking mode; there are "
                    + Arrays.stream(ThinkingMode.values())
                        .map(ThinkingModes::name)
                        .collect(Collectors.joining(", "))));
  }

  static String name(ThinkingMode mode) {
    return mode.id();
  }
}
