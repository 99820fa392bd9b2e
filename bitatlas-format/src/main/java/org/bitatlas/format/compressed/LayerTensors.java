package org.bitatlas.format.compressed;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;

/**
 * The tensors of a layer, under its module's name. Packed: {@code weight_packed} I32 [N x ceil(K b
 * / 32)], {@code weight_scale} [N x G], {@code weight_shape} I64 [2], asymmetric {@code
 * weight_zero_point} I32 [ceil(N b / 32) x G], packed along N. Plain: {@code weight} I8 [N x K],
 * {@code weight_scale}, asymmetric {@code weight_zero_point} I8 [N x G]. Stored codes count from
 * -2^(b-1) and are packed with 2^(b-1) added, as {@link GridLinear} has them.
 */
record LayerTensors(GridLayer grid, LayerScheme scheme, ElementType scaleType) {

  List<TensorData> weight() {
    String module = grid.module();
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    int groups = grid.groups();
    int bits = grid.bits();
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(
        StoredFloats.tensor(
            module + ".weight_scale", () -> grid.cells().get().scales(), scaleType, rows, groups));
    if (!scheme.packed()) {
      tensors.add(StoredIntegers.bytes(module + ".weight", this::signedCodes, rows, columns));
      if (!scheme.symmetric()) {
        tensors.add(
            StoredIntegers.bytes(
                module + ".weight_zero_point",
                () -> shifted(grid.cells().get().zeroPoints(), bits),
                rows,
                groups));
      }
      return tensors;
    }
    tensors.add(
        StoredIntegers.ints(
            module + ".weight_packed",
            () -> PackedWords.ofCodes(grid.content().get()),
            rows,
            PackedWords.rowWords(columns, bits)));
    tensors.add(
        StoredIntegers.longs(module + ".weight_shape", () -> new long[] {rows, columns}, 2));
    if (!scheme.symmetric()) {
      tensors.add(
          StoredIntegers.ints(
              module + ".weight_zero_point",
              this::packedZeroPoints,
              PackedWords.rowWords(rows, bits),
              groups));
    }
    return tensors;
  }

  private int[] packedZeroPoints() {
    int rows = grid.outputFeatures();
    int groups = grid.groups();
    byte[] alongRows = PackedWords.transposed(grid.cells().get().zeroPoints(), rows, groups);
    int[] words = PackedWords.pack(alongRows, groups, rows, grid.bits());
    return PackedWords.transposed(words, groups, PackedWords.rowWords(rows, grid.bits()));
  }

  private byte[] signedCodes() {
    GridLinear read = grid.content().get();
    int columns = read.inputFeatures();
    byte[] codes = new byte[Math.multiplyExact(read.outputFeatures(), columns)];
    byte[] row = new byte[columns];
    for (int n = 0; n < read.outputFeatures(); n++) {
      read.unpackRow(n, row);
      System.arraycopy(row, 0, codes, n * columns, columns);
    }
    return shifted(codes, read.bits());
  }

  /** Unsigned values as the signed ones that are stored: less 2^(b-1). */
  private static byte[] shifted(byte[] values, int bits) {
    byte[] result = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (byte) ((values[i] & 0xFF) - (1 << (bits - 1)));
    }
    return result;
  }

  /** Scale F32 [1] and, of an asymmetric grid, zero point I8 [1] of a static range. */
  static List<TensorData> staticRange(String name, ActivationQuantizer quantizer) {
    StaticRange range = StaticRange.of(quantizer);
    List<TensorData> tensors = new ArrayList<>();
    float[] scale = {range.scale()};
    tensors.add(StoredFloats.tensor(name + "_scale", scale, ElementType.F32, 1));
    if (!quantizer.symmetric()) {
      byte[] zero = {(byte) range.zeroPoint()};
      tensors.add(StoredIntegers.bytes(name + "_zero_point", () -> zero, 1));
    }
    return tensors;
  }
}
