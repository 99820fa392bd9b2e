package org.bitatlas.tokenizer;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How a reasoning model is asked to think (openPangu's names). */
public enum ThinkingMode {
  SLOW_THINK,
  AUTO_THINK,
  NO_THINK;

  /** The mode written as {@code slow_think}, {@code slow-think} or {@code slow}, in any case. */
  public static Optional<ThinkingMode> named(String text) {
    String name = text.toLowerCase(Locale.ROOT).replace('-', '_');
    return Arrays.stream(values())
        .filter(mode -> mode.id().equals(name) || mode.id().equals(name + "_think"))
        .findFirst();
  }

  /** Name in options and data, for example {@code slow_think}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
