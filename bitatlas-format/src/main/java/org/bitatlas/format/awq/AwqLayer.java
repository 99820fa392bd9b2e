package org.bitatlas.format.awq;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.ZeroPoints;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * The tensors of a layer W [N x K] of 4 bits: {@code qweight} I32 [K x N / 8], {@code qzeros} I32
 * [G x N / 8], {@code scales} F16 [G x N]. A word holds eight outputs in an order of its own, that
 * of AutoAWQ's GEMM kernel. Of a checkpoint that is read:
 *
 * @param stored holds the tensors
 * @param module name of the layer
 * @param rows N
 * @param columns K
 * @param groupSize columns of a group; K for one scale per output channel
 */
record AwqLayer(Checkpoint stored, String module, int rows, int columns, int groupSize) {

  static final int BITS = 4;
  static final int PER_WORD = 8;

  /** Words of a row that are made at once, so that what is read stays in the cache. */
  private static final int TILE = 16;

  /** Output that lies in nibble i of a word, from its first. */
  private static final int[] ORDER = {0, 2, 4, 6, 1, 3, 5, 7};

  private static final String WEIGHT = ".qweight";
  private static final String ZEROS = ".qzeros";
  private static final String SCALES = ".scales";

  /** The tensors of a layer. */
  static List<TensorData> tensors(GridLayer grid) {
    String module = grid.module();
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    int groups = grid.groups();
    return List.of(
        StoredIntegers.ints(
            module + WEIGHT, () -> interleaved(grid.content().get()), columns, rows / PER_WORD),
        StoredIntegers.ints(
            module + ZEROS,
            () ->
                interleaved(PackedWords.transposed(grid.cells().get().zeroPoints(), rows, groups)),
            groups,
            rows / PER_WORD),
        HalfScales.tensor(module + SCALES, grid));
  }

  /** Words [K x N / 8] of the codes of a layer [N x K]. */
  private static int[] interleaved(GridLinear grid) {
    int columns = grid.inputFeatures();
    int perRow = grid.outputFeatures() / PER_WORD;
    int[] words = new int[Math.multiplyExact(columns, perRow)];
    byte[][] rows = new byte[PER_WORD * TILE][columns];
    for (int first = 0; first < perRow; first += TILE) {
      int count = Math.min(TILE, perRow - first);
      for (int row = 0; row < count * PER_WORD; row++) {
        grid.unpackRow(first * PER_WORD + row, rows[row]);
      }
      for (int k = 0; k < columns; k++) {
        for (int at = 0; at < count; at++) {
          int word = 0;
          for (int nibble = 0; nibble < PER_WORD; nibble++) {
            word |= rows[at * PER_WORD + ORDER[nibble]][k] << (BITS * nibble);
          }
          words[k * perRow + first + at] = word;
        }
      }
    }
    return words;
  }

  /** Words of values, eight after eight. */
  private static int[] interleaved(byte[] values) {
    int[] words = new int[values.length / PER_WORD];
    for (int word = 0; word < words.length; word++) {
      for (int nibble = 0; nibble < PER_WORD; nibble++) {
        words[word] |= values[word * PER_WORD + ORDER[nibble]] << (BITS * nibble);
      }
    }
    return words;
  }

  /** The values of words. */
  private static byte[] ordered(int[] words) {
    byte[] values = new byte[Math.multiplyExact(words.length, PER_WORD)];
    for (int word = 0; word < words.length; word++) {
      for (int nibble = 0; nibble < PER_WORD; nibble++) {
        values[word * PER_WORD + ORDER[nibble]] =
            (byte) ((words[word] >>> (BITS * nibble)) & ((1 << BITS) - 1));
      }
    }
    return values;
  }

  /** Names of the tensors of a layer. */
  Set<String> names() {
    return Set.of(module + WEIGHT, module + ZEROS, module + SCALES);
  }

  /**
   * Reads scales and zero points.
   *
   * @throws BitAtlasException when a tensor is missing or of another type or shape
   */
  GridCells cells() {
    if (rows % PER_WORD != 0 || columns % PER_WORD != 0 || columns % groupSize != 0) {
      throw new BitAtlasException(
          "Layer %s in %s is [%d x %d], which words of 8 outputs and groups of %d do not divide."
              .formatted(module, stored.folder(), rows, columns, groupSize));
    }
    int groups = columns / groupSize;
    int words = rows / PER_WORD;
    // Their shape shows that the file holds as much as the configuration claims.
    StoredIntegers.require(stored.get(module + WEIGHT), ElementType.I32, columns, words);
    byte[] zeros = ordered(StoredIntegers.ints(stored.get(module + ZEROS), groups, words));
    float[] scales =
        StoredFloats.values(stored.get(module + SCALES), List.of((long) groups, (long) rows));
    byte[] zeroPoints = PackedWords.transposed(zeros, groups, rows);
    return new GridCells(
        rows,
        columns,
        BITS,
        groupSize,
        ZeroPoints.centred(zeroPoints, BITS),
        PackedWords.transposed(scales, groups, rows),
        zeroPoints,
        Optional.empty(),
        Optional.empty());
  }

  /** Reads the codes, as {@link GridLinear#codes()}. */
  byte[] codes() {
    int perRow = rows / PER_WORD;
    int[] words = StoredIntegers.ints(stored.get(module + WEIGHT), columns, perRow);
    int rowBytes = GridLinear.rowBytes(columns, BITS);
    byte[] codes = new byte[Math.multiplyExact(rows, rowBytes)];
    for (int first = 0; first < perRow; first += TILE) {
      int end = Math.min(perRow, first + TILE);
      for (int k = 0; k < columns; k++) {
        for (int at = first; at < end; at++) {
          int word = words[k * perRow + at];
          for (int nibble = 0; nibble < PER_WORD; nibble++) {
            int code = (word >>> (BITS * nibble)) & ((1 << BITS) - 1);
            int row = at * PER_WORD + ORDER[nibble];
            codes[row * rowBytes + k / 2] |= (byte) (code << (BITS * (k & 1)));
          }
        }
      }
    }
    return codes;
  }
}
