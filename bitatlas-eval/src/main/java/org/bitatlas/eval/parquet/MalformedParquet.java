package org.bitatlas.eval.parquet;

/** What is wrong with a file, as the end of a sentence about it. */
final class MalformedParquet extends RuntimeException {

  private static final long serialVersionUID = 1;

  MalformedParquet(String message) {
    super(message);
  }
}
