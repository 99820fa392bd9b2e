package org.bitatlas.format.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.tensor.BitAtlasException;

/** Rows of float weights, read one at a time by any thread. */
@FunctionalInterface
interface FloatRows {

  /** Writes row {@code row} to {@code weights} [K]. */
  void read(int row, float[] weights);

  /**
   * The rows of a stored tensor [.. x K] of F32, F16 or BF16.
   *
   * @throws BitAtlasException when it is of another type, and on reading when a weight is not
   *     finite
   */
  static FloatRows of(StoredTensor tensor) {
    ValueLayout.OfInt words = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    ValueLayout.OfShort halves =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    MemorySegment data = tensor.data();
    FloatRows rows =
        switch (tensor.type()) {
          case F32 ->
              (row, weights) -> {
                long from = 4L * row * weights.length;
                for (int k = 0; k < weights.length; k++) {
                  weights[k] = Float.intBitsToFloat(data.get(words, from + 4L * k));
                }
              };
          case F16 ->
              (row, weights) -> {
                long from = 2L * row * weights.length;
                for (int k = 0; k < weights.length; k++) {
                  weights[k] = Float.float16ToFloat(data.get(halves, from + 2L * k));
                }
              };
          case BF16 ->
              (row, weights) -> {
                long from = 2L * row * weights.length;
                for (int k = 0; k < weights.length; k++) {
                  weights[k] = Float.intBitsToFloat(data.get(halves, from + 2L * k) << 16);
                }
              };
          default ->
              throw new BitAtlasException(
                  "Tensor %s in %s is of type %s; GGUF is written from F32, F16 and BF16."
                      .formatted(tensor.name(), tensor.file(), tensor.type()));
        };
    return (row, weights) -> {
      rows.read(row, weights);
      for (float weight : weights) {
        if (!Float.isFinite(weight)) {
          throw new BitAtlasException(
              "Tensor %s in %s has a weight in row %d that is not finite."
                  .formatted(tensor.name(), tensor.file(), row));
        }
      }
    };
  }
}
