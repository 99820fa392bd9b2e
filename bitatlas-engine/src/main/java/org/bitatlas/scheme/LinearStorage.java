package org.bitatlas.scheme;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** The stored tensors of a quantized layer: names, types, shapes. */
final class LinearStorage {

  private static final String CODES = ".codes";
  private static final String SCALES = ".scales";
  private static final String ZERO_POINTS = ".zero_points";
  private static final String GROUP_INDEX = ".group_index";

  private LinearStorage() {}

  /** Whether a tensor name is one of the stored parts of a quantized module. */
  static boolean isPartOf(String name, Set<String> modules) {
    for (String part : List.of(CODES, SCALES, ZERO_POINTS, GROUP_INDEX)) {
      if (name.endsWith(part)
          && modules.contains(name.substring(0, name.length() - part.length()))) {
        return true;
      }
    }
    return false;
  }

  /** The tensors of a layer. */
  static List<TensorData> tensors(String module, GridLinear linear) {
    long rows = linear.outputFeatures();
    long columns = linear.inputFeatures();
    List<Long> cells = List.of(rows, (long) linear.groups());
    List<Long> codes =
        List.of(rows, (long) GridLinear.rowBytes(linear.inputFeatures(), linear.bits()));
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(
        new TensorData(
            module + CODES, ElementType.U8, codes, MemorySegment.ofArray(linear.codes())));
    tensors.add(
        new TensorData(module + SCALES, ElementType.F32, cells, () -> bytes(linear.scales())));
    tensors.add(
        new TensorData(
            module + ZERO_POINTS,
            ElementType.U8,
            cells,
            MemorySegment.ofArray(linear.zeroPoints())));
    linear
        .groupIndex()
        .ifPresent(index ->
            tensors.add(
                new TensorData(
                    module + GROUP_INDEX, ElementType.I32, List.of(columns), () -> bytes(index))));
    return tensors;
  }

  private static MemorySegment bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return MemorySegment.ofBuffer(bytes);
  }

  private static MemorySegment bytes(int[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
    return MemorySegment.ofBuffer(bytes);
  }

  /**
   * Reads a layer.
   *
   * @throws BitAtlasException when a tensor is missing or has another type or shape than the entry
   *     says, or a value is out of range
   */
  static GridLinear read(String module, CheckpointManifest.Entry entry, Checkpoint checkpoint) {
    long rows = entry.outputFeatures();
    long columns = entry.inputFeatures();
    long groups = Math.ceilDiv(columns, entry.groupSize());
    long rowBytes = GridLinear.rowBytes(entry.inputFeatures(), entry.bits());
    byte[] codes =
        bytes(checkpoint, module + CODES, ElementType.U8, List.of(rows, rowBytes)).array();
    float[] scales = new float[Math.toIntExact(checkedCells(rows, groups, module, checkpoint))];
    bytes(checkpoint, module + SCALES, ElementType.F32, List.of(rows, groups))
        .asFloatBuffer()
        .get(scales);
    byte[] zeroPoints =
        bytes(checkpoint, module + ZERO_POINTS, ElementType.U8, List.of(rows, groups)).array();
    Optional<int[]> groupIndex = Optional.empty();
    if (entry.groupIndex()) {
      int[] index = new int[entry.inputFeatures()];
      bytes(checkpoint, module + GROUP_INDEX, ElementType.I32, List.of(columns))
          .asIntBuffer()
          .get(index);
      groupIndex = Optional.of(index);
    }
    try {
      return new GridLinear(
          entry.outputFeatures(),
          entry.inputFeatures(),
          entry.bits(),
          entry.groupSize(),
          entry.symmetric(),
          codes,
          scales,
          zeroPoints,
          groupIndex);
    } catch (BitAtlasException e) {
      throw new BitAtlasException(
          "Layer " + module + " in " + checkpoint.folder() + ": " + e.getMessage(), e);
    }
  }

  /** Number of scales, after their stored tensor was seen to have that many. */
  private static long checkedCells(long rows, long groups, String module, Checkpoint checkpoint) {
    stored(checkpoint, module + SCALES, ElementType.F32, List.of(rows, groups));
    return rows * groups;
  }

  private static ByteBuffer bytes(
      Checkpoint checkpoint, String name, ElementType type, List<Long> shape) {
    MemorySegment data = stored(checkpoint, name, type, shape).data();
    byte[] copy = new byte[Math.toIntExact(data.byteSize())];
    MemorySegment.copy(data, 0, MemorySegment.ofArray(copy), 0, copy.length);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static StoredTensor stored(
      Checkpoint checkpoint, String name, ElementType type, List<Long> shape) {
    StoredTensor tensor = checkpoint.get(name);
    boolean fits = tensor.type() == type && tensor.shape().equals(shape);
    if (!fits || tensor.data().byteSize() > Integer.MAX_VALUE - 8) {
      throw new BitAtlasException(
          "Tensor %s in %s is %s %s, but %s says %s %s; the files do not belong together."
              .formatted(
                  name,
                  tensor.file(),
                  tensor.type(),
                  tensor.shape(),
                  QuantizedCheckpointFolder.MANIFEST,
                  type,
                  shape));
    }
    return tensor;
  }
}
