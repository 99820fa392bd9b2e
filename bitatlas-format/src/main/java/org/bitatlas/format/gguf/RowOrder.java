package org.bitatlas.format.gguf;

/**
 * The order of a matrix's rows. llama.cpp rotates neighbouring rows of queries and keys in its
 * {@code llama} architecture, where Hugging Face rotates row i of a head with row i + d / 2: row h
 * d + 2 i + p of the file is row h d + p d / 2 + i of the checkpoint, p 0 or 1.
 *
 * @param headDimension d; 1 where rows are in the same order
 */
record RowOrder(int headDimension) {

  /** Rows in the same order. */
  static final RowOrder SAME = new RowOrder(1);

  /** Row of the checkpoint that is row {@code row} of the file. */
  int ofCheckpoint(int row) {
    if (headDimension == 1) {
      return row;
    }
    int inHead = row % headDimension;
    return row - inHead + inHead % 2 * (headDimension / 2) + inHead / 2;
  }

  /** Row of the file that is row {@code row} of the checkpoint. */
  int ofFile(int row) {
    if (headDimension == 1) {
      return row;
    }
    int half = headDimension / 2;
    int inHead = row % headDimension;
    return row - inHead + inHead % half * 2 + inHead / half;
  }
}
