package org.bitatlas.study;

/** What the primary number of a cell is. */
public enum Metric {
  /** Share of items answered right, 0 to 1; higher is better. */
  ACCURACY,
  /** exp of the mean negative log-likelihood per token; lower is better. */
  PERPLEXITY,
  /** Tokens per second of a server; higher is better. Never compared: loads differ. */
  SPEED
}
