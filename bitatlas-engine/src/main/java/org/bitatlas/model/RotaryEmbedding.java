package org.bitatlas.model;

/** Rotary position embedding, rotate-half layout (Su et al. 2021, as in Hugging Face Llama). */
public sealed interface RotaryEmbedding {

  /** Base of the geometric series of frequencies. */
  double theta();

  /** Unscaled. */
  record Plain(double theta) implements RotaryEmbedding {}

  /** Frequencies divided by {@code factor} ({@code rope_type: linear}). */
  record Linear(double theta, double factor) implements RotaryEmbedding {}

  /**
   * Llama 3.1 scaling ({@code rope_type: llama3}): long wavelengths divided by {@code factor},
   * short ones kept, a linear ramp between.
   */
  record Llama3(
      double theta,
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalMaxPositions)
      implements RotaryEmbedding {}
}
