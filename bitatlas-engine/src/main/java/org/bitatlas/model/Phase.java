package org.bitatlas.model;

/** Where the time of a forward pass goes, as {@link PhaseClock} tells it. */
public enum Phase {
  /** The linear layers of the blocks. */
  LINEAR,
  /** The head: hidden state to logits. */
  HEAD,
  /** Queries, keys and values, the cache included. */
  ATTENTION,
  /** Rounding activations and what goes into the cache. */
  QUANTIZATION,
  /** Online transforms of activations and heads. */
  TRANSFORM,
  /** Root mean square norms. */
  NORM,
  /** The rotary embedding. */
  ROTARY,
  /** SwiGLU. */
  ACTIVATION,
  /** Choosing the next token. */
  SAMPLING,
  /** All else: embedding, residual additions, bookkeeping, waiting. */
  OTHER
}
