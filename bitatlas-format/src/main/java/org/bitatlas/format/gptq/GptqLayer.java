package org.bitatlas.format.gptq;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.GroupIndex;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.ZeroPoints;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The tensors of a layer W [N x K] of b bits: {@code qweight} I32 [K b / 32 x N], codes packed
 * along K; {@code qzeros} I32 [G x N b / 32], packed along N; {@code scales} F16 [G x N]; {@code
 * g_idx} I32 [K], the group of every column.
 */
final class GptqLayer {

  private GptqLayer() {}

  /** The tensors of a layer. */
  static List<TensorData> tensors(String module, GridLinear grid, GptqVersion version) {
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    int groups = grid.groups();
    int bits = grid.bits();
    int words = PackedWords.rowWords(columns, bits);
    return List.of(
        StoredIntegers.ints(
            module + ".qweight",
            () -> PackedWords.transposed(PackedWords.ofCodes(grid), rows, words),
            words,
            rows),
        StoredIntegers.ints(
            module + ".qzeros",
            () ->
                version.pack(
                    PackedWords.transposed(grid.zeroPoints(), rows, groups), groups, rows, bits),
            groups,
            PackedWords.rowWords(rows, bits)),
        HalfScales.tensor(module + ".scales", grid),
        StoredIntegers.ints(module + ".g_idx", () -> groupIndex(grid), columns));
  }

  private static int[] groupIndex(GridLinear grid) {
    int[] index = new int[grid.inputFeatures()];
    for (int k = 0; k < index.length; k++) {
      index[k] = grid.group(k);
    }
    return index;
  }

  /**
   * Reads a layer.
   *
   * @param groupSize columns of a group; K for one scale per output channel
   * @param consumed gets the names of the tensors that are read
   * @throws BitAtlasException when a tensor is missing, of another type or shape, or an index is
   *     out of range
   */
  static GridLinear read(
      Checkpoint stored,
      String module,
      int[] size,
      int bits,
      int groupSize,
      GptqVersion version,
      Set<String> consumed) {
    int rows = size[0];
    int columns = size[1];
    boolean whole =
        (long) columns * bits % Integer.SIZE == 0 && (long) rows * bits % Integer.SIZE == 0;
    if (!whole || columns % groupSize != 0) {
      throw new BitAtlasException(
          "Layer %s in %s is [%d x %d], which %d bits in groups of %d do not fill with whole words and groups."
              .formatted(module, stored.folder(), rows, columns, bits, groupSize));
    }
    int groups = columns / groupSize;
    int words = PackedWords.rowWords(columns, bits);
    int[] codes = StoredIntegers.ints(take(stored, module + ".qweight", consumed), words, rows);
    int zeroWords = PackedWords.rowWords(rows, bits);
    byte[] zeros =
        version.unpack(
            StoredIntegers.ints(take(stored, module + ".qzeros", consumed), groups, zeroWords),
            groups,
            rows,
            bits);
    float[] scales =
        StoredFloats.values(
            take(stored, module + ".scales", consumed), List.of((long) groups, (long) rows));
    Optional<int[]> index = Optional.empty();
    if (stored.find(module + ".g_idx").isPresent()) {
      index =
          GroupIndex.scattered(
              StoredIntegers.ints(take(stored, module + ".g_idx", consumed), columns),
              groups,
              groupSize,
              module,
              stored.folder());
    }
    byte[] zeroPoints = PackedWords.transposed(zeros, groups, rows);
    return new GridLinear(
        rows,
        columns,
        bits,
        groupSize,
        ZeroPoints.centred(zeroPoints, bits),
        PackedWords.toCodes(PackedWords.transposed(codes, words, rows), rows, columns, bits),
        PackedWords.transposed(scales, groups, rows),
        zeroPoints,
        index);
  }

  private static StoredTensor take(Checkpoint stored, String name, Set<String> consumed) {
    consumed.add(name);
    return stored.get(name);
  }
}
