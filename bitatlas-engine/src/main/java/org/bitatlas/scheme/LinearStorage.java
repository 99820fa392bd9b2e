package org.bitatlas.scheme;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The stored tensors of a quantized layer, under the name of its module:
 *
 * <ul>
 *   <li>grid: {@code .codes} U8 [N x ceil(K bits / 8)], {@code .scales} F32 [N x G], {@code
 *       .zero_points} U8 [N x G] and, where groups are scattered, {@code .group_index} I32 [K];
 *       with scales in two levels {@code .channel_scales} F32 [N] and {@code .second_scales} U8 [N
 *       x G] in place of {@code .scales}
 *   <li>mixed: {@code .codes} U8 [N x bytes of a row], {@code .group_bits} U8 [G], {@code .scales}
 *       and {@code .offsets} F32 [N x G]
 *   <li>binary: {@code .salient_columns} U8 [ceil(K / 8)], {@code .signs} and {@code .selectors} U8
 *       [N x ceil(K / 8)], {@code .means} and {@code .scales} F32 [N x B x 4]
 *   <li>float: {@code .weight} F32 [N x K]
 * </ul>
 */
final class LinearStorage {

  private static final String CODES = ".codes";
  private static final String SCALES = ".scales";
  private static final String ZERO_POINTS = ".zero_points";
  private static final String GROUP_INDEX = ".group_index";
  private static final String CHANNEL_SCALES = ".channel_scales";
  private static final String SECOND_SCALES = ".second_scales";
  private static final String GROUP_BITS = ".group_bits";
  private static final String OFFSETS = ".offsets";
  private static final String SALIENT_COLUMNS = ".salient_columns";
  private static final String SIGNS = ".signs";
  private static final String SELECTORS = ".selectors";
  private static final String MEANS = ".means";
  private static final String WEIGHT = ".weight";

  private LinearStorage() {}

  /** Names of the tensors of a layer. */
  static List<String> names(String module, LinearEntry entry) {
    List<String> endings =
        switch (entry) {
          case LinearEntry.Grid grid -> endings(grid);
          case LinearEntry.Mixed _ -> List.of(CODES, GROUP_BITS, SCALES, OFFSETS);
          case LinearEntry.Binary _ -> List.of(SALIENT_COLUMNS, SIGNS, SELECTORS, MEANS, SCALES);
          case LinearEntry.Float _ -> List.of(WEIGHT);
        };
    return endings.stream().map(ending -> module + ending).toList();
  }

  private static List<String> endings(LinearEntry.Grid grid) {
    List<String> endings = new ArrayList<>(List.of(CODES, ZERO_POINTS));
    endings.addAll(grid.secondScales() ? List.of(CHANNEL_SCALES, SECOND_SCALES) : List.of(SCALES));
    if (grid.groupIndex()) {
      endings.add(GROUP_INDEX);
    }
    return endings;
  }

  /** The tensors of a layer. */
  static List<TensorData> tensors(String module, StoredLinear linear) {
    long rows = linear.outputFeatures();
    long columns = linear.inputFeatures();
    return switch (linear) {
      case GridLinear grid -> tensors(module, grid);
      case MixedGroupLinear mixed ->
          List.of(
              StoredArrays.of(module + CODES, mixed.codes(), rows, mixed.rowBytes()),
              StoredArrays.of(module + GROUP_BITS, bytes(mixed.bitsPerGroup()), mixed.groups()),
              StoredArrays.of(module + SCALES, mixed.scales(), rows, mixed.groups()),
              StoredArrays.of(module + OFFSETS, mixed.offsets(), rows, mixed.groups()));
      case BinaryLinear binary -> tensors(module, binary);
      case FloatLinear plain ->
          List.of(StoredArrays.of(module + WEIGHT, plain.weight(), rows, columns));
    };
  }

  private static List<TensorData> tensors(String module, GridLinear grid) {
    long rows = grid.outputFeatures();
    long rowBytes = GridLinear.rowBytes(grid.inputFeatures(), grid.bits());
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(StoredArrays.of(module + CODES, grid.codes(), rows, rowBytes));
    if (grid.channelScales().isPresent()) {
      float[] channels = grid.channelScales().get();
      tensors.add(StoredArrays.of(module + CHANNEL_SCALES, channels, rows));
      tensors.add(
          StoredArrays.of(module + SECOND_SCALES, grid.secondScales(), rows, grid.groups()));
    } else {
      tensors.add(StoredArrays.of(module + SCALES, grid.scales(), rows, grid.groups()));
    }
    tensors.add(StoredArrays.of(module + ZERO_POINTS, grid.zeroPoints(), rows, grid.groups()));
    grid.groupIndex()
        .ifPresent(index ->
            tensors.add(StoredArrays.of(module + GROUP_INDEX, index, grid.inputFeatures())));
    return tensors;
  }

  private static List<TensorData> tensors(String module, BinaryLinear binary) {
    long rows = binary.outputFeatures();
    long rowBytes = BitPlane.rowBytes(binary.inputFeatures());
    long blocks = binary.blocks();
    return List.of(
        StoredArrays.of(module + SALIENT_COLUMNS, binary.salientColumns(), rowBytes),
        StoredArrays.of(module + SIGNS, binary.signs(), rows, rowBytes),
        StoredArrays.of(module + SELECTORS, binary.selectors(), rows, rowBytes),
        StoredArrays.of(module + MEANS, binary.means(), rows, blocks, BinaryLinear.TERMS),
        StoredArrays.of(module + SCALES, binary.scales(), rows, blocks, BinaryLinear.TERMS));
  }

  private static byte[] bytes(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /**
   * Reads a layer.
   *
   * @throws BitAtlasException when a tensor is missing or has another type or shape than the entry
   *     says, or a value is out of range
   */
  static StoredLinear read(String module, LinearEntry entry, Checkpoint checkpoint) {
    return named(
        module,
        checkpoint,
        () ->
            switch (entry) {
              case LinearEntry.Grid grid ->
                  readCells(module, grid, checkpoint).withCodes(codes(module, grid, checkpoint));
              case LinearEntry.Mixed mixed -> read(module, mixed, checkpoint);
              case LinearEntry.Binary binary -> read(module, binary, checkpoint);
              case LinearEntry.Float plain -> read(module, plain, checkpoint);
            });
  }

  /**
   * Reads a layer on a grid without its codes.
   *
   * @throws BitAtlasException as {@link #read}
   */
  static GridCells cells(String module, LinearEntry.Grid entry, Checkpoint checkpoint) {
    return named(module, checkpoint, () -> readCells(module, entry, checkpoint));
  }

  private static <T> T named(String module, Checkpoint checkpoint, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (BitAtlasException e) {
      throw new BitAtlasException(
          "Layer " + module + " in " + checkpoint.folder() + ": " + e.getMessage(), e);
    }
  }

  private static FloatLinear read(String module, LinearEntry.Float entry, Checkpoint checkpoint) {
    int rows = entry.outputFeatures();
    int columns = entry.inputFeatures();
    return new FloatLinear(
        rows, columns, StoredArrays.floats(checkpoint, module + WEIGHT, rows, columns));
  }

  private static byte[] codes(String module, LinearEntry.Grid entry, Checkpoint checkpoint) {
    return StoredArrays.bytes(checkpoint, module + CODES, codeShape(entry));
  }

  private static long[] codeShape(LinearEntry.Grid entry) {
    return new long[] {
      entry.outputFeatures(), GridLinear.rowBytes(entry.inputFeatures(), entry.bits())
    };
  }

  /** A grid's scales, zero points and groups, where its codes are as large as the entry says. */
  private static GridCells readCells(String module, LinearEntry.Grid entry, Checkpoint checkpoint) {
    StoredArrays.requireBytes(checkpoint, module + CODES, codeShape(entry));
    long rows = entry.outputFeatures();
    int columns = entry.inputFeatures();
    int groups = Math.ceilDiv(columns, entry.groupSize());
    Optional<float[]> channels =
        entry.secondScales()
            ? Optional.of(StoredArrays.floats(checkpoint, module + CHANNEL_SCALES, rows))
            : Optional.empty();
    return new GridCells(
        entry.outputFeatures(),
        columns,
        entry.bits(),
        entry.groupSize(),
        entry.symmetric(),
        channels.isPresent()
            ? products(
                channels.get(),
                StoredArrays.bytes(checkpoint, module + SECOND_SCALES, rows, groups),
                groups)
            : StoredArrays.floats(checkpoint, module + SCALES, rows, groups),
        StoredArrays.bytes(checkpoint, module + ZERO_POINTS, rows, groups),
        entry.groupIndex()
            ? Optional.of(StoredArrays.ints(checkpoint, module + GROUP_INDEX, columns))
            : Optional.empty(),
        channels);
  }

  private static float[] products(float[] channels, byte[] seconds, int groups) {
    float[] scales = new float[seconds.length];
    for (int cell = 0; cell < scales.length; cell++) {
      scales[cell] = channels[cell / groups] * (seconds[cell] & 0xFF);
    }
    return scales;
  }

  private static MixedGroupLinear read(
      String module, LinearEntry.Mixed entry, Checkpoint checkpoint) {
    int rows = entry.outputFeatures();
    int columns = entry.inputFeatures();
    int groups = Math.ceilDiv(columns, entry.groupSize());
    byte[] stored = StoredArrays.bytes(checkpoint, module + GROUP_BITS, groups);
    int[] bits = new int[groups];
    for (int group = 0; group < groups; group++) {
      bits[group] = stored[group];
    }
    MixedGroupLinear.requireLayout(rows, columns, entry.groupSize(), bits);
    long rowBytes = MixedGroupLinear.rowBytes(columns, entry.groupSize(), bits);
    return new MixedGroupLinear(
        rows,
        columns,
        entry.groupSize(),
        bits,
        StoredArrays.bytes(checkpoint, module + CODES, rows, rowBytes),
        StoredArrays.floats(checkpoint, module + SCALES, rows, groups),
        StoredArrays.floats(checkpoint, module + OFFSETS, rows, groups));
  }

  private static BinaryLinear read(String module, LinearEntry.Binary entry, Checkpoint checkpoint) {
    long rows = entry.outputFeatures();
    int columns = entry.inputFeatures();
    long rowBytes = BitPlane.rowBytes(columns);
    long blocks = Math.ceilDiv(columns, entry.blockSize());
    return new BinaryLinear(
        entry.outputFeatures(),
        columns,
        entry.blockSize(),
        StoredArrays.bytes(checkpoint, module + SALIENT_COLUMNS, rowBytes),
        StoredArrays.bytes(checkpoint, module + SIGNS, rows, rowBytes),
        StoredArrays.bytes(checkpoint, module + SELECTORS, rows, rowBytes),
        StoredArrays.floats(checkpoint, module + MEANS, rows, blocks, BinaryLinear.TERMS),
        StoredArrays.floats(checkpoint, module + SCALES, rows, blocks, BinaryLinear.TERMS));
  }
}
