package org.bitatlas.format.awq;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.ZeroPoints;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The tensors of a layer W [N x K] of 4 bits: {@code qweight} I32 [K x N / 8], {@code qzeros} I32
 * [G x N / 8], {@code scales} F16 [G x N]. A word holds eight outputs in an order of its own, that
 * of AutoAWQ's GEMM kernel.
 */
final class AwqLayer {

  static final int BITS = 4;
  static final int PER_WORD = 8;

  /** Output that lies in nibble i of a word, from its first. */
  private static final int[] ORDER = {0, 2, 4, 6, 1, 3, 5, 7};

  private AwqLayer() {}

  /** The tensors of a layer. */
  static List<TensorData> tensors(String module, GridLinear grid) {
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    int groups = grid.groups();
    return List.of(
        StoredIntegers.ints(
            module + ".qweight",
            () -> {
              byte[] codes = PackedWords.unpack(PackedWords.ofCodes(grid), rows, columns, BITS);
              return interleaved(PackedWords.transposed(codes, rows, columns));
            },
            columns,
            rows / PER_WORD),
        StoredIntegers.ints(
            module + ".qzeros",
            () -> interleaved(PackedWords.transposed(grid.zeroPoints(), rows, groups)),
            groups,
            rows / PER_WORD),
        HalfScales.tensor(module + ".scales", grid));
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

  /**
   * Reads a layer.
   *
   * @param groupSize columns of a group; K for one scale per output channel
   * @param consumed gets the names of the tensors that are read
   * @throws BitAtlasException when a tensor is missing or of another type or shape
   */
  static GridLinear read(
      Checkpoint stored, String module, int[] size, int groupSize, Set<String> consumed) {
    int rows = size[0];
    int columns = size[1];
    if (rows % PER_WORD != 0 || columns % PER_WORD != 0 || columns % groupSize != 0) {
      throw new BitAtlasException(
          "Layer %s in %s is [%d x %d], which words of 8 outputs and groups of %d do not divide."
              .formatted(module, stored.folder(), rows, columns, groupSize));
    }
    int groups = columns / groupSize;
    int words = rows / PER_WORD;
    byte[] codes =
        ordered(StoredIntegers.ints(take(stored, module + ".qweight", consumed), columns, words));
    byte[] zeros =
        ordered(StoredIntegers.ints(take(stored, module + ".qzeros", consumed), groups, words));
    float[] scales =
        StoredFloats.values(
            take(stored, module + ".scales", consumed), List.of((long) groups, (long) rows));
    byte[] zeroPoints = PackedWords.transposed(zeros, groups, rows);
    return GridLinear.of(
        rows,
        columns,
        BITS,
        groupSize,
        ZeroPoints.centred(zeroPoints, BITS),
        PackedWords.transposed(codes, columns, rows),
        PackedWords.transposed(scales, groups, rows),
        zeroPoints,
        Optional.empty());
  }

  private static StoredTensor take(Checkpoint stored, String name, Set<String> consumed) {
    consumed.add(name);
    return stored.get(name);
  }
}
