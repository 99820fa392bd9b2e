package org.bitatlas.study;

/** Which quantized checkpoints a study leaves on disk. Records and samples are always kept. */
public enum KeepPolicy {
  /** None. */
  NONE,
  /** Every one, under {@code <out>/checkpoints/}. */
  ALL
}
