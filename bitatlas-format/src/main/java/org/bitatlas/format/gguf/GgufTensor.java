package org.bitatlas.format.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.bitatlas.tensor.BitAtlasException;

/**
 * One tensor of an open GGUF file.
 *
 * @param info what the header says of it: N rows of K weights
 * @param data its bytes, mapped
 * @param file the file, for error messages
 */
public record GgufTensor(GgufTensorInfo info, MemorySegment data, Path file) {

  /** The blocks of row {@code row}. */
  public byte[] blocks(int row) {
    int rowBytes = info.type().rowBytes(info.columns());
    return data.asSlice((long) row * rowBytes, rowBytes).toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * Writes the weights of row {@code row} to {@code weights} [K].
   *
   * @throws BitAtlasException when one is not finite
   */
  public void decodeRow(int row, float[] weights) {
    info.type().decodeRow(blocks(row), weights);
    for (float weight : weights) {
      if (!Float.isFinite(weight)) {
        throw new BitAtlasException(
            "%s: tensor %s has a weight in row %d that is not finite; the file is damaged."
                .formatted(file, info.name(), row));
      }
    }
  }

  /** All weights [N x K], row-major. */
  public float[] decode() {
    int columns = info.columns();
    float[] weights = new float[Math.multiplyExact(info.rows(), columns)];
    float[] row = new float[columns];
    for (int n = 0; n < info.rows(); n++) {
      decodeRow(n, row);
      System.arraycopy(row, 0, weights, n * columns, columns);
    }
    return weights;
  }
}
