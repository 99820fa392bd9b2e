package org.bitatlas.format.gptq;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.GroupIndex;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.ZeroPoints;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * The tensors of a layer W [N x K] of b bits: {@code qweight} I32 [K b / 32 x N], codes packed
 * along K; {@code qzeros} I32 [G x N b / 32], packed along N; {@code scales} F16 [G x N]; {@code
 * g_idx} I32 [K], the group of every column. Of a checkpoint that is read:
 *
 * @param stored holds the tensors
 * @param module name of the layer
 * @param rows N
 * @param columns K
 * @param bits b
 * @param groupSize columns of a group; K for one scale per output channel
 * @param version how zero points are stored
 */
record GptqLayer(
    Checkpoint stored,
    String module,
    int rows,
    int columns,
    int bits,
    int groupSize,
    GptqVersion version) {

  private static final String WEIGHT = ".qweight";
  private static final String ZEROS = ".qzeros";
  private static final String SCALES = ".scales";
  private static final String INDEX = ".g_idx";

  /** The tensors of a layer. */
  static List<TensorData> tensors(GridLayer grid, GptqVersion version) {
    String module = grid.module();
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    int groups = grid.groups();
    int bits = grid.bits();
    int words = PackedWords.rowWords(columns, bits);
    return List.of(
        StoredIntegers.ints(
            module + WEIGHT,
            () -> PackedWords.transposed(PackedWords.ofCodes(grid.content().get()), rows, words),
            words,
            rows),
        StoredIntegers.ints(
            module + ZEROS,
            () -> {
              byte[] zeros = grid.cells().get().zeroPoints();
              return version.pack(PackedWords.transposed(zeros, rows, groups), groups, rows, bits);
            },
            groups,
            PackedWords.rowWords(rows, bits)),
        HalfScales.tensor(module + SCALES, grid),
        StoredIntegers.ints(module + INDEX, () -> groupIndex(grid.cells().get()), columns));
  }

  private static int[] groupIndex(GridCells grid) {
    int[] index = new int[grid.inputFeatures()];
    for (int k = 0; k < index.length; k++) {
      index[k] = grid.group(k);
    }
    return index;
  }

  /** Names of the tensors of a layer that are stored. */
  Set<String> names() {
    return Stream.of(WEIGHT, ZEROS, SCALES, INDEX)
        .map(ending -> module + ending)
        .filter(name -> stored.find(name).isPresent())
        .collect(Collectors.toSet());
  }

  /**
   * Reads scales, zero points and groups.
   *
   * @throws BitAtlasException when a tensor is missing, of another type or shape, or an index is
   *     out of range
   */
  GridCells cells() {
    boolean whole =
        (long) columns * bits % Integer.SIZE == 0 && (long) rows * bits % Integer.SIZE == 0;
    if (!whole || columns % groupSize != 0) {
      throw new BitAtlasException(
          "Layer %s in %s is [%d x %d], which %d bits in groups of %d do not fill with whole words and groups."
              .formatted(module, stored.folder(), rows, columns, bits, groupSize));
    }
    int groups = columns / groupSize;
    // Their shape shows that the file holds as much as the configuration claims.
    StoredIntegers.require(
        stored.get(module + WEIGHT), ElementType.I32, PackedWords.rowWords(columns, bits), rows);
    byte[] zeros =
        version.unpack(
            StoredIntegers.ints(
                stored.get(module + ZEROS), groups, PackedWords.rowWords(rows, bits)),
            groups,
            rows,
            bits);
    float[] scales =
        StoredFloats.values(stored.get(module + SCALES), List.of((long) groups, (long) rows));
    Optional<int[]> index = Optional.empty();
    if (stored.find(module + INDEX).isPresent()) {
      index =
          GroupIndex.scattered(
              StoredIntegers.ints(stored.get(module + INDEX), columns),
              groups,
              groupSize,
              module,
              stored.folder());
    }
    byte[] zeroPoints = PackedWords.transposed(zeros, groups, rows);
    return new GridCells(
        rows,
        columns,
        bits,
        groupSize,
        ZeroPoints.centred(zeroPoints, bits),
        PackedWords.transposed(scales, groups, rows),
        zeroPoints,
        index,
        Optional.empty());
  }

  /** Reads the codes, as {@link org.bitatlas.scheme.GridLinear#codes()}. */
  byte[] codes() {
    int words = PackedWords.rowWords(columns, bits);
    int[] packed = StoredIntegers.ints(stored.get(module + WEIGHT), words, rows);
    return PackedWords.toCodes(PackedWords.transposed(packed, words, rows), rows, columns, bits);
  }
}
