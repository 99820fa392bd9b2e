package org.bitatlas.scheme;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  private LinearStorage() {}

  /** The tensors of a layer. */
  static List<TensorData> tensors(String module, StoredLinear linear) {
    long rows = linear.outputFeatures();
    long columns = linear.inputFeatures();
    return switch (linear) {
      case GridLinear grid -> tensors(module, grid);
      case MixedGroupLinear mixed ->
          List.of(
              StoredArrays.of(module + ".codes", mixed.codes(), rows, mixed.rowBytes()),
              StoredArrays.of(module + ".group_bits", bytes(mixed.bitsPerGroup()), mixed.groups()),
              StoredArrays.of(module + ".scales", mixed.scales(), rows, mixed.groups()),
              StoredArrays.of(module + ".offsets", mixed.offsets(), rows, mixed.groups()));
      case BinaryLinear binary -> tensors(module, binary);
      case FloatLinear plain ->
          List.of(StoredArrays.of(module + ".weight", plain.weight(), rows, columns));
    };
  }

  private static List<TensorData> tensors(String module, GridLinear grid) {
    long rows = grid.outputFeatures();
    long rowBytes = GridLinear.rowBytes(grid.inputFeatures(), grid.bits());
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(StoredArrays.of(module + ".codes", grid.codes(), rows, rowBytes));
    if (grid.channelScales().isPresent()) {
      float[] channels = grid.channelScales().get();
      tensors.add(StoredArrays.of(module + ".channel_scales", channels, rows));
      tensors.add(
          StoredArrays.of(module + ".second_scales", grid.secondScales(), rows, grid.groups()));
    } else {
      tensors.add(StoredArrays.of(module + ".scales", grid.scales(), rows, grid.groups()));
    }
    tensors.add(StoredArrays.of(module + ".zero_points", grid.zeroPoints(), rows, grid.groups()));
    grid.groupIndex()
        .ifPresent(index ->
            tensors.add(StoredArrays.of(module + ".group_index", index, grid.inputFeatures())));
    return tensors;
  }

  private static List<TensorData> tensors(String module, BinaryLinear binary) {
    long rows = binary.outputFeatures();
    long rowBytes = BitPlane.rowBytes(binary.inputFeatures());
    long blocks = binary.blocks();
    return List.of(
        StoredArrays.of(module + ".salient_columns", binary.salientColumns(), rowBytes),
        StoredArrays.of(module + ".signs", binary.signs(), rows, rowBytes),
        StoredArrays.of(module + ".selectors", binary.selectors(), rows, rowBytes),
        StoredArrays.of(module + ".means", binary.means(), rows, blocks, BinaryLinear.TERMS),
        StoredArrays.of(module + ".scales", binary.scales(), rows, blocks, BinaryLinear.TERMS));
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
    try {
      return switch (entry) {
        case LinearEntry.Grid grid -> read(module, grid, checkpoint);
        case LinearEntry.Mixed mixed -> read(module, mixed, checkpoint);
        case LinearEntry.Binary binary -> read(module, binary, checkpoint);
        case LinearEntry.Float plain ->
            new FloatLinear(
                plain.outputFeatures(),
                plain.inputFeatures(),
                StoredArrays.floats(
                    checkpoint, module + ".weight", plain.outputFeatures(), plain.inputFeatures()));
      };
    } catch (BitAtlasException e) {
      throw new BitAtlasException(
          "Layer " + module + " in " + checkpoint.folder() + ": " + e.getMessage(), e);
    }
  }

  private static GridLinear read(String module, LinearEntry.Grid entry, Checkpoint checkpoint) {
    long rows = entry.outputFeatures();
    int columns = entry.inputFeatures();
    int groups = Math.ceilDiv(columns, entry.groupSize());
    Optional<float[]> channels =
        entry.secondScales()
            ? Optional.of(StoredArrays.floats(checkpoint, module + ".channel_scales", rows))
            : Optional.empty();
    return new GridLinear(
        entry.outputFeatures(),
        columns,
        entry.bits(),
        entry.groupSize(),
        entry.symmetric(),
        StoredArrays.bytes(
            checkpoint, module + ".codes", rows, GridLinear.rowBytes(columns, entry.bits())),
        channels.isPresent()
            ? products(
                channels.get(),
                StoredArrays.bytes(checkpoint, module + ".second_scales", rows, groups),
                groups)
            : StoredArrays.floats(checkpoint, module + ".scales", rows, groups),
        StoredArrays.bytes(checkpoint, module + ".zero_points", rows, groups),
        entry.groupIndex()
            ? Optional.of(StoredArrays.ints(checkpoint, module + ".group_index", columns))
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
    byte[] stored = StoredArrays.bytes(checkpoint, module + ".group_bits", groups);
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
        StoredArrays.bytes(checkpoint, module + ".codes", rows, rowBytes),
        StoredArrays.floats(checkpoint, module + ".scales", rows, groups),
        StoredArrays.floats(checkpoint, module + ".offsets", rows, groups));
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
        StoredArrays.bytes(checkpoint, module + ".salient_columns", rowBytes),
        StoredArrays.bytes(checkpoint, module + ".signs", rows, rowBytes),
        StoredArrays.bytes(checkpoint, module + ".selectors", rows, rowBytes),
        StoredArrays.floats(checkpoint, module + ".means", rows, blocks, BinaryLinear.TERMS),
        StoredArrays.floats(checkpoint, module + ".scales", rows, blocks, BinaryLinear.TERMS));
  }
}
