package org.bitatlas.format.gguf;

import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor to be written, asked for row by row, so that a large one need not be in memory.
 *
 * @param name tensor name
 * @param type block type
 * @param shape sizes, outermost first
 * @param rows gives the blocks of a row; called by several threads
 */
public record GgufTensorData(String name, GgufType type, List<Long> shape, RowSource rows) {

  /** Gives the blocks of rows. */
  @FunctionalInterface
  public interface RowSource {
    /**
     * Writes the blocks of a row.
     *
     * @param row its index, 0 .. N - 1
     * @param blocks all of it is written
     */
    void read(int row, byte[] blocks);

    /** What reads the rows once their turn has come: holds what it needs until it is let go. */
    default RowSource open() {
      return this;
    }

    /** Float rows that are rounded to a type as they are written. */
    static RowSource rounded(GgufType type, int columns, FloatRows weights) {
      return (row, blocks) -> {
        float[] values = new float[columns];
        weights.read(row, values);
        type.encodeRow(values, blocks);
      };
    }

    /** Rows that are read by what is made when their turn has come. */
    static RowSource opening(Supplier<RowSource> opened) {
      return new RowSource() {
        @Override
        public void read(int row, byte[] blocks) {
          open().read(row, blocks);
        }

        @Override
        public RowSource open() {
          return opened.get();
        }
      };
    }
  }

  /** What the header says of it when it begins at {@code offset}. */
  GgufTensorInfo at(long offset) {
    return new GgufTensorInfo(name, type, shape, offset);
  }

  /** A float tensor whose rows are rounded to a type as they are written. */
  static GgufTensorData rounded(String name, GgufType type, List<Long> shape, FloatRows weights) {
    int columns = Math.toIntExact(shape.getLast());
    return new GgufTensorData(name, type, shape, RowSource.rounded(type, columns, weights));
  }
}
