package org.bitatlas.tokenizer;

/** How a reasoning model is asked to think (openPangu's names). */
public enum ThinkingMode {
  SLOW_THINK,
  AUTO_THINK,
  NO_THINK
}
