package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;

/**
 * Slices of {@link IntegerRows} for oneDNN's products: the codes of a slice are brought to signed
 * bytes, zero points subtracted, in memory of the thread that then multiplies many rows by them.
 */
final class UnpackedSlices implements AutoCloseable {

  /** Output features of a slice; the last may have fewer. */
  static final int COLUMNS = PackedWeight.SLICE_COLUMNS;

  /** Rows that share the unpacking of a slice. */
  static final int ROWS = 2 * MatmulKernel.TILE_ROWS;

  private static final int HALF = Panels.WORDS;

  private final IntegerRows rows;
  private final RowKernels kernels;
  private final MatmulShape shape;
  private final MatmulKernel full;
  private final MatmulKernel last;
  private final BlockedBytes fullLayout;
  private final BlockedBytes lastLayout;

  private UnpackedSlices(
      IntegerRows rows,
      RowKernels kernels,
      MatmulShape shape,
      MatmulKernel full,
      MatmulKernel last,
      BlockedBytes fullLayout,
      BlockedBytes lastLayout) {
    this.rows = rows;
    this.kernels = kernels;
    this.shape = shape;
    this.full = full;
    this.last = last;
    this.fullLayout = fullLayout;
    this.lastLayout = lastLayout;
  }

  /**
   * Slices for products of a shape.
   *
   * @param shape of a full slice; its depth is the width of the widest group
   * @return empty where oneDNN's layout is not a known one
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel
   */
  static Optional<UnpackedSlices> of(IntegerRows rows, RowKernels kernels, MatmulShape shape) {
    int remainder = rows.outputFeatures() % COLUMNS;
    boolean even = remainder == 0 || shape.outputStride() == COLUMNS;
    MatmulShape lastShape = even ? shape : shape.withColumns(remainder);
    boolean single = rows.outputFeatures() < COLUMNS;
    MatmulKernel full = MatmulKernel.acquire(single ? lastShape : shape);
    MatmulKernel last = full.beside(lastShape);
    Optional<BlockedBytes> fullLayout = full.blockedLayout();
    Optional<BlockedBytes> lastLayout = last.blockedLayout();
    if (fullLayout.isEmpty() || lastLayout.isEmpty()) {
      full.release();
      last.release();
      return Optional.empty();
    }
    return Optional.of(
        new UnpackedSlices(rows, kernels, shape, full, last, fullLayout.get(), lastLayout.get()));
  }

  /** Number of slices. */
  int count() {
    return Math.ceilDiv(rows.outputFeatures(), COLUMNS);
  }

  /** Output features of a slice. */
  int columns(int slice) {
    return Math.min(COLUMNS, rows.outputFeatures() - slice * COLUMNS);
  }

  /** Bytes that a group of a slice needs, whole cache lines. */
  long bytes() {
    return Math.ceilDiv(fullLayout.bytes(), Panels.SLAB_BYTES) * Panels.SLAB_BYTES;
  }

  /** Room for values of a slice's output features, those included that only fill a block. */
  int features() {
    return Math.max(fullLayout.features(), lastLayout.features());
  }

  /** Copies the scales of a group of a slice [256] to {@code target} from {@code to} on. */
  void scales(int slice, int group, float[] target, int to) {
    for (int n = 0; n < columns(slice); n += Panels.ROWS) {
      long at = rows.scales().offset((slice * COLUMNS + n) / Panels.ROWS, group);
      MemorySegment.copy(rows.scales().memory(), Panels.FLOAT, at, target, to + n, Panels.ROWS);
    }
  }

  private boolean isLast(int slice) {
    return slice == count() - 1;
  }

  /**
   * Unpacks all groups of a slice, one behind the other as one of all columns.
   *
   * @param target off the heap, from byte 0 on
   * @param sums receives the sum of the bytes of each feature
   */
  void unpackWhole(int slice, MemorySegment target, int[] sums) {
    if (!rows.hasSeconds()) {
      unpack(slice, 0, target, 0, sums, 0);
      return;
    }
    BlockedBytes layout = isLast(slice) ? lastLayout : fullLayout;
    ColumnGroups groups = rows.groups();
    int[] ofGroup = new int[HALF];
    for (int feature = 0; feature < layout.features(); feature += HALF) {
      int panel = (slice * COLUMNS + feature) / Panels.ROWS;
      int half = feature / HALF % 2;
      long place = layout.offset(feature);
      if (panel >= Panels.count(rows.outputFeatures())) {
        clear(target, place, layout, sums, feature);
        continue;
      }
      Arrays.fill(sums, feature, feature + HALF, 0);
      for (int group = 0; group < groups.count(); group++) {
        int start = groups.start(group);
        boolean end = group == groups.count() - 1;
        BlockedBytes part = layout.ofDepth(end ? layout.depth() - start : groups.width(group));
        long at = place + start / BlockedBytes.QUAD * layout.stride();
        kernels.unpack(rows, panel, half, group, target, at, part, ofGroup, 0);
        for (int n = 0; n < HALF; n++) {
          sums[feature + n] += ofGroup[n];
        }
      }
    }
    writeSums(layout, target, 0, sums, 0);
  }

  private static void writeSums(
      BlockedBytes layout, MemorySegment target, long at, int[] sums, int to) {
    for (int n = 0; layout.summed() && n < layout.features(); n++) {
      long place = at + layout.sumOffset(n);
      target.set(ValueLayout.JAVA_INT, place, BlockedBytes.SURPLUS * sums[to + n]);
    }
  }

  /**
   * Unpacks a group of a slice.
   *
   * @param target off the heap, from byte {@code at} on
   * @param sums receives the sum of the bytes of each feature from {@code to} on
   */
  void unpack(int slice, int group, MemorySegment target, long at, int[] sums, int to) {
    BlockedBytes layout = isLast(slice) ? lastLayout : fullLayout;
    int panels = Panels.count(rows.outputFeatures());
    for (int feature = 0; feature < layout.features(); feature += HALF) {
      int panel = (slice * COLUMNS + feature) / Panels.ROWS;
      int half = feature / HALF % 2;
      long place = at + layout.offset(feature);
      if (panel < panels) {
        kernels.unpack(rows, panel, half, group, target, place, layout, sums, to + feature);
      } else {
        clear(target, place, layout, sums, to + feature);
      }
    }
    writeSums(layout, target, at, sums, to);
  }

  private static void clear(
      MemorySegment target, long at, BlockedBytes layout, int[] sums, int to) {
    for (int quad = 0; quad < layout.quads(); quad++) {
      target.asSlice(at + quad * layout.stride(), Panels.SLAB_BYTES).fill((byte) 0);
    }
    Arrays.fill(sums, to, to + HALF, 0);
  }

  /**
   * What is to be added to codes before the product takes them as unsigned; 0 where it does not.
   */
  int offset() {
    return shape.input() == ElementType.U8 ? -BlockedBytes.SURPLUS : 0;
  }

  /**
   * Multiplies rows of activations by an unpacked slice on the calling thread.
   *
   * @param count rows, at most {@link MatmulKernel#TILE_ROWS}
   * @param input address of signed codes [count x depth]; {@link #offset} is added here
   * @param weight address of the unpacked slice
   * @param channelScales address of the slice's scales, where the shape has them
   * @param rowScales address of the rows' scales, where the shape has them
   * @param output address of the results
   */
  void multiply(
      int slice,
      int count,
      long input,
      long weight,
      long channelScales,
      long rowScales,
      long output) {
    MatmulKernel kernel = isLast(slice) ? last : full;
    kernel.multiply(count, input, weight, channelScales, 0, rowScales, output);
  }

  String implementation() {
    return full.implementation();
  }

  @Override
  public void close() {
    full.release();
    last.release();
  }
}
