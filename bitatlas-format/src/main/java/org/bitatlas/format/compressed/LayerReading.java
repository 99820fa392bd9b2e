package org.bitatlas.format.compressed;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.GroupIndex;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.compressed.LayerScheme.ActivationArguments;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;

/** Reads the tensors of one layer: what {@link LayerTensors} writes. */
final class LayerReading {

  private final Checkpoint stored;
  private final String module;
  private final int rows;
  private final int columns;
  private final Set<String> consumed;

  /**
   * A layer W [rows x columns].
   *
   * @param consumed gets the names of the tensors that are read
   */
  LayerReading(Checkpoint stored, String module, int rows, int columns, Set<String> consumed) {
    this.stored = stored;
    this.module = module;
    this.rows = rows;
    this.columns = columns;
    this.consumed = consumed;
  }

  private StoredTensor take(String name) {
    StoredTensor tensor = stored.get(module + "." + name);
    consumed.add(tensor.name());
    return tensor;
  }

  /** The layer's codes, scales and zero points. */
  GridLinear linear(StoredScheme.Group group) {
    LayerScheme scheme = group.scheme();
    int groupSize = scheme.groupSize() == 0 ? columns : scheme.groupSize();
    if (groupSize > columns || columns % groupSize != 0) {
      throw new BitAtlasException(
          "Layer %s in %s has %d columns, no multiple of its group size %d."
              .formatted(module, stored.folder(), columns, groupSize));
    }
    int groups = columns / groupSize;
    // Codes first: their shape shows that the file holds as much as the configuration claims.
    byte[] codes = scheme.packed() ? packedCodes(scheme.bits()) : plainCodes(scheme.bits());
    return new GridLinear(
        rows,
        columns,
        scheme.bits(),
        groupSize,
        scheme.symmetric(),
        codes,
        scales(group.perTensor(), groups),
        zeroPoints(scheme, group.perTensor(), groups),
        groupIndex(groups, groupSize));
  }

  private byte[] packedCodes(int bits) {
    requireShape();
    int words = PackedWords.rowWords(columns, bits);
    int[] packed = StoredIntegers.ints(take("weight_packed"), rows, words);
    return PackedWords.toCodes(packed, rows, columns, bits);
  }

  private byte[] plainCodes(int bits) {
    byte[] codes = unsigned(StoredIntegers.bytes(take("weight"), rows, columns), bits);
    return PackedWords.toCodes(PackedWords.pack(codes, rows, columns, bits), rows, columns, bits);
  }

  private void requireShape() {
    long[] shape = StoredIntegers.longs(take("weight_shape"), 2);
    if (shape[0] != rows || shape[1] != columns) {
      throw new BitAtlasException(
          "Layer %s in %s says that its shape is %s, but config.json asks for [%d, %d]."
              .formatted(module, stored.folder(), Arrays.toString(shape), rows, columns));
    }
  }

  private float[] scales(boolean perTensor, int groups) {
    StoredTensor tensor = take("weight_scale");
    if (perTensor) {
      float[] all = new float[rows];
      Arrays.fill(all, single(tensor));
      return all;
    }
    boolean flat = groups == 1 && tensor.shape().size() == 1;
    return StoredFloats.values(
        tensor, flat ? List.of((long) rows) : List.of((long) rows, (long) groups));
  }

  private static float single(StoredTensor tensor) {
    return StoredFloats.values(tensor, tensor.shape().isEmpty() ? List.of() : List.of(1L))[0];
  }

  private byte[] zeroPoints(LayerScheme scheme, boolean perTensor, int groups) {
    int bits = scheme.bits();
    byte[] zeros = new byte[Math.multiplyExact(rows, groups)];
    if (scheme.symmetric()) {
      Arrays.fill(zeros, (byte) (1 << (bits - 1)));
      return zeros;
    }
    StoredTensor tensor = take("weight_zero_point");
    if (perTensor) {
      Arrays.fill(zeros, unsigned(StoredIntegers.bytes(tensor, 1), bits)[0]);
      return zeros;
    }
    if (!scheme.packed()) {
      return unsigned(StoredIntegers.bytes(tensor, rows, groups), bits);
    }
    int words = PackedWords.rowWords(rows, bits);
    int[] alongRows =
        PackedWords.transposed(StoredIntegers.ints(tensor, words, groups), words, groups);
    return PackedWords.transposed(PackedWords.unpack(alongRows, groups, rows, bits), groups, rows);
  }

  /** Signed values as {@link GridLinear} has them: plus 2^(b-1). */
  private byte[] unsigned(byte[] values, int bits) {
    int middle = 1 << (bits - 1);
    byte[] result = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      int value = values[i] + middle;
      if (value < 0 || value >= 2 * middle) {
        throw new BitAtlasException(
            "Layer %s in %s holds the code %d, which %d bits do not."
                .formatted(module, stored.folder(), values[i], bits));
      }
      result[i] = (byte) value;
    }
    return result;
  }

  private Optional<int[]> groupIndex(int groups, int groupSize) {
    if (stored.find(module + ".weight_g_idx").isEmpty()) {
      return Optional.empty();
    }
    int[] index = StoredIntegers.ints(take("weight_g_idx"), columns);
    return GroupIndex.scattered(index, groups, groupSize, module, stored.folder());
  }

  /** What happens around the layer. */
  LinearActivations activations(LayerScheme scheme) {
    return new LinearActivations(
        Optional.empty(),
        scheme.input().map(arguments -> quantizer("input", arguments)),
        scheme.output().map(arguments -> quantizer("output", arguments)));
  }

  private ActivationQuantizer quantizer(String side, ActivationArguments arguments) {
    if (arguments.dynamic()) {
      return ActivationQuantizer.dynamic(
          arguments.bits(),
          arguments.symmetric(),
          arguments.perToken()
              ? ActivationQuantizer.Strategy.TOKEN
              : ActivationQuantizer.Strategy.TENSOR,
          DynamicRange.factor(stored.folder(), arguments.bits(), arguments.symmetric()));
    }
    float scale = single(take(side + "_scale"));
    if (!(scale > 0)) {
      throw new BitAtlasException(
          "Layer %s in %s has the %s scale %s, expected a positive one."
              .formatted(module, stored.folder(), side, scale));
    }
    int zero = 0;
    if (!arguments.symmetric()) {
      byte[] point = StoredIntegers.bytes(take(side + "_zero_point"), 1);
      zero = (unsigned(point, arguments.bits())[0] & 0xFF) - (1 << (arguments.bits() - 1));
    }
    return new StaticRange(scale, zero).quantizer(arguments.bits(), arguments.symmetric());
  }
}
