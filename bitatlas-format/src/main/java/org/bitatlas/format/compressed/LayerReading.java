package org.bitatlas.format.compressed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.GroupIndex;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.compressed.LayerScheme.ActivationArguments;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Reads the tensors of one layer W [N x K]: what {@link LayerTensors} writes.
 *
 * @param stored holds the tensors
 * @param module name of the layer
 * @param rows N
 * @param columns K
 * @param group what the configuration says of it
 */
record LayerReading(
    Checkpoint stored, String module, int rows, int columns, StoredScheme.Group group) {

  private static final String PACKED = "weight_packed";
  private static final String PLAIN = "weight";
  private static final String SHAPE = "weight_shape";
  private static final String SCALE = "weight_scale";
  private static final String ZERO_POINT = "weight_zero_point";
  private static final String GROUP_INDEX = "weight_g_idx";

  private LayerScheme scheme() {
    return group.scheme();
  }

  private StoredTensor take(String name) {
    return stored.get(module + "." + name);
  }

  /** Names of the tensors that are read. */
  Set<String> names() {
    LayerScheme scheme = scheme();
    List<String> names = new ArrayList<>(codeNames());
    names.add(SCALE);
    if (!scheme.symmetric()) {
      names.add(ZERO_POINT);
    }
    if (stored.find(module + "." + GROUP_INDEX).isPresent()) {
      names.add(GROUP_INDEX);
    }
    scheme.input().ifPresent(arguments -> names.addAll(rangeNames("input", arguments)));
    scheme.output().ifPresent(arguments -> names.addAll(rangeNames("output", arguments)));
    return names.stream().map(name -> module + "." + name).collect(Collectors.toSet());
  }

  private List<String> codeNames() {
    return scheme().packed() ? List.of(PACKED, SHAPE) : List.of(PLAIN);
  }

  private static List<String> rangeNames(String side, ActivationArguments arguments) {
    if (arguments.dynamic()) {
      return List.of();
    }
    return arguments.symmetric()
        ? List.of(side + "_scale")
        : List.of(side + "_scale", side + "_zero_point");
  }

  /** Reads scales, zero points and groups. */
  GridCells cells() {
    LayerScheme scheme = scheme();
    int groupSize = scheme.groupSize() == 0 ? columns : scheme.groupSize();
    if (groupSize > columns || columns % groupSize != 0) {
      throw new BitAtlasException(
          "Layer %s in %s has %d columns, no multiple of its group size %d."
              .formatted(module, stored.folder(), columns, groupSize));
    }
    requireCodes();
    int groups = columns / groupSize;
    return new GridCells(
        rows,
        columns,
        scheme.bits(),
        groupSize,
        scheme.symmetric(),
        scales(group.perTensor(), groups),
        zeroPoints(scheme, group.perTensor(), groups),
        groupIndex(groups, groupSize),
        Optional.empty());
  }

  /** Their shape shows that the file holds as much as the configuration claims. */
  private void requireCodes() {
    if (scheme().packed()) {
      requireShape();
      StoredIntegers.require(
          take(PACKED), ElementType.I32, rows, PackedWords.rowWords(columns, scheme().bits()));
    } else {
      StoredIntegers.require(take(PLAIN), ElementType.I8, rows, columns);
    }
  }

  /** Reads the codes, as {@link org.bitatlas.scheme.GridLinear#codes()}. */
  byte[] codes() {
    return scheme().packed() ? packedCodes(scheme().bits()) : plainCodes(scheme().bits());
  }

  private byte[] packedCodes(int bits) {
    int words = PackedWords.rowWords(columns, bits);
    int[] packed = StoredIntegers.ints(take(PACKED), rows, words);
    return PackedWords.toCodes(packed, rows, columns, bits);
  }

  private byte[] plainCodes(int bits) {
    byte[] codes = unsigned(StoredIntegers.bytes(take(PLAIN), rows, columns), bits);
    return PackedWords.toCodes(PackedWords.pack(codes, rows, columns, bits), rows, columns, bits);
  }

  private void requireShape() {
    long[] shape = StoredIntegers.longs(take(SHAPE), 2);
    if (shape[0] != rows || shape[1] != columns) {
      throw new BitAtlasException(
          "Layer %s in %s says that its shape is %s, but config.json asks for [%d, %d]."
              .formatted(module, stored.folder(), Arrays.toString(shape), rows, columns));
    }
  }

  private float[] scales(boolean perTensor, int groups) {
    StoredTensor tensor = take(SCALE);
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
    StoredTensor tensor = take(ZERO_POINT);
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

  /** Signed values as {@link GridCells} has them: plus 2^(b-1). */
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
    if (stored.find(module + "." + GROUP_INDEX).isEmpty()) {
      return Optional.empty();
    }
    int[] index = StoredIntegers.ints(take(GROUP_INDEX), columns);
    return GroupIndex.scattered(index, groups, groupSize, module, stored.folder());
  }

  /** What happens around the layer. */
  LinearActivations activations() {
    return new LinearActivations(
        Optional.empty(),
        scheme().input().map(arguments -> quantizer("input", arguments)),
        scheme().output().map(arguments -> quantizer("output", arguments)));
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
