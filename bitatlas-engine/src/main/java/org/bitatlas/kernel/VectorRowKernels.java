package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.I2F;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;

/**
 * Kernels on the Vector API. A lane is a row of the weight, so every sum is taken in the order of
 * the scalar provider and has its bits, whatever the width of the vectors.
 */
public final class VectorRowKernels implements RowKernels {

  /** The vector provider; the JVM must run with jdk.incubator.vector. */
  public VectorRowKernels() {}

  @Override
  public String name() {
    return "vector-" + vectorBits();
  }

  /** Bits of a vector. */
  public int vectorBits() {
    return Lanes.INT.vectorBitSize();
  }

  @Override
  public void quantize(
      float[] activations,
      int offset,
      int rows,
      ActivationQuantizer quantizer,
      ActivationCodes target) {
    target.begin(rows);
    int columns = target.columns();
    int shared = ActivationRange.rowsThatShareAScale(quantizer, rows);
    for (int first = 0; first < rows; first += shared) {
      int from = offset + first * columns;
      ActivationRange range =
          VectorQuantizer.fit(activations, from, shared * columns, quantizer, target.range());
      for (int row = first; row < first + shared; row++) {
        target.setScale(row);
        int to = row * ActivationCodes.stride(columns);
        VectorQuantizer.codes(
            activations, offset + row * columns, columns, range, target.codes(), to);
      }
    }
  }

  @Override
  public void narrow(short[] codes, int from, int count, int shift, byte[] target) {
    VectorQuantizer.narrow(codes, from, count, shift, target);
  }

  @Override
  public void integerSums(
      IntegerRows weights, int panel, short[] codes, int rows, boolean wide, int[] sums) {
    ColumnGroups groups = weights.groups();
    CodeSlabs slabs = weights.codes();
    MemorySegment memory = slabs.memory();
    int perSlab = CodeSlabs.perSlab(weights.width());
    int stride = ActivationCodes.stride(groups.columns());
    int to = 0;
    for (int row = 0; row < rows; row++) {
      for (int group = 0; group < groups.count(); group++) {
        long at = slabs.offset(panel, group);
        int first = row * stride + groups.start(group);
        int count = (groups.width(group) + perSlab - 1) / perSlab;
        if (perSlab == 4) {
          VectorIntegerSums.nibbles(memory, at, count, codes, first, sums, to);
        } else if (wide) {
          VectorIntegerSums.wideBytes(memory, at, count, codes, first, sums, to);
        } else {
          VectorIntegerSums.bytes(memory, at, count, codes, first, sums, to);
        }
        to += Panels.ROWS;
      }
    }
  }

  @Override
  public void joinGroups(IntegerRows weights, int panel, int[] sums, int from) {
    VectorIntegerSums.join(
        weights.seconds(), weights.secondsOffset(panel, 0), weights.groups().count(), sums, from);
  }

  @Override
  public void scale(
      IntegerRows weights, int panel, int[] sums, int from, float rowScale, float[] results) {
    MemorySegment scales = weights.scales().memory();
    int groups = weights.scaleGroups();
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      long at = weights.scales().offset(panel, 0) + (long) lane * Float.BYTES;
      FloatVector result = FloatVector.zero(Lanes.FLOAT);
      for (int group = 0; group < groups; group++) {
        FloatVector sum =
            (FloatVector)
                IntVector.fromArray(Lanes.INT, sums, from + group * Panels.ROWS + lane)
                    .convert(I2F, 0);
        result =
            FloatVector.fromMemorySegment(
                    Lanes.FLOAT, scales, at + (long) group * Panels.FLOATS_BYTES, Lanes.ORDER)
                .fma(sum, result);
      }
      result.mul(rowScale).intoArray(results, lane);
    }
  }

  @Override
  public void floatSums(
      WeightOnlyRows weights, int panel, float[] activations, int rows, RowScratch scratch) {
    ColumnGroups groups = weights.groups();
    float[] sums = scratch.floatSums(rows * groups.count() * Panels.ROWS);
    for (int group = 0; group < groups.count(); group++) {
      boolean direct =
          rows == 1
              && groups.width(group) % 4 == 0
              && direct(weights, panel, group, activations, sums);
      if (!direct) {
        inChunks(weights, panel, group, activations, rows, scratch);
      }
    }
  }

  /** Takes the sums of a group without a buffer, where there is a kernel for its storage. */
  private static boolean direct(
      WeightOnlyRows weights, int panel, int group, float[] x, float[] sums) {
    int columns = weights.groups().width(group);
    int first = weights.groups().start(group);
    int to = group * Panels.ROWS;
    MemorySegment memory = weights.memory();
    if (weights instanceof FloatRows floats && floats.brain()) {
      VectorFloatSums.brainFloats(memory, floats.offset(panel, 0), columns, x, first, sums, to);
      return true;
    }
    if (weights instanceof AffineRows affine) {
      long at = affine.codes().offset(panel, group);
      switch (affine.codes().width(group)) {
        case 4 -> VectorFloatSums.nibbles(memory, at, columns, x, first, sums, to);
        case 8 -> VectorFloatSums.bytes(memory, at, columns, x, first, sums, to);
        default -> {
          return false;
        }
      }
      return true;
    }
    return false;
  }

  private void inChunks(
      WeightOnlyRows weights, int panel, int group, float[] x, int rows, RowScratch scratch) {
    ColumnGroups groups = weights.groups();
    int width = groups.width(group);
    float[] chains = scratch.chains(rows * RowScratch.CHAINS);
    Arrays.fill(chains, 0, rows * RowScratch.CHAINS, 0);
    for (int column = 0; column < width; column += RowScratch.CHUNK) {
      int columns = Math.min(RowScratch.CHUNK, width - column);
      widen(weights, panel, group, column, columns, scratch.chunk);
      for (int row = 0; row < rows; row++) {
        int first = row * groups.columns() + groups.start(group) + column;
        VectorChunks.dot(scratch.chunk, columns, x, first, chains, row * RowScratch.CHAINS);
      }
    }
    for (int row = 0; row < rows; row++) {
      int from = row * RowScratch.CHAINS;
      int to = (row * groups.count() + group) * Panels.ROWS;
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        scratch.floatSums[to + lane] =
            (chains[from + lane] + chains[from + lane + Panels.ROWS])
                + (chains[from + lane + 2 * Panels.ROWS] + chains[from + lane + 3 * Panels.ROWS]);
      }
    }
  }

  @Override
  public void widen(
      WeightOnlyRows weights, int panel, int group, int column, int columns, float[] chunk) {
    switch (weights) {
      case AffineRows affine -> {
        int width = affine.codes().width(group);
        long at = affine.codes().offset(panel, group, column);
        VectorChunks.codes(affine.memory(), at, width, columns, chunk);
      }
      case BinaryRows binary -> {
        long at = binary.codes().offset(panel, group, column);
        long values = binary.values().offset(panel, group * BinaryRows.VALUES);
        VectorChunks.binary(binary.memory(), at, binary.values().memory(), values, columns, chunk);
      }
      case FloatRows floats -> {
        long at = floats.offset(panel, column);
        if (floats.brain()) {
          VectorChunks.brainFloats(floats.memory(), at, columns, chunk);
        } else {
          MemorySegment.copy(floats.memory(), Panels.FLOAT, at, chunk, 0, columns * Panels.ROWS);
        }
      }
    }
  }

  @Override
  public void combine(
      AffineRows weights,
      int panel,
      float[] sums,
      int from,
      float[] groupSums,
      int firstGroupSum,
      float[] results) {
    MemorySegment factors = weights.factors().memory();
    Optional<PanelFloats> offsets = weights.offsets();
    int groups = weights.groups().count();
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      long at = weights.factors().offset(panel, 0) + (long) lane * Float.BYTES;
      FloatVector result = FloatVector.zero(Lanes.FLOAT);
      for (int group = 0; group < groups; group++) {
        long here = at + (long) group * Panels.FLOATS_BYTES;
        FloatVector sum =
            FloatVector.fromArray(Lanes.FLOAT, sums, from + group * Panels.ROWS + lane);
        result =
            FloatVector.fromMemorySegment(Lanes.FLOAT, factors, here, Lanes.ORDER).fma(sum, result);
        if (offsets.isPresent()) {
          result =
              FloatVector.fromMemorySegment(Lanes.FLOAT, offsets.get().memory(), here, Lanes.ORDER)
                  .fma(
                      FloatVector.broadcast(Lanes.FLOAT, groupSums[firstGroupSum + group]), result);
        }
      }
      result.intoArray(results, lane);
    }
  }

  @Override
  public void unpack(
      IntegerRows weights,
      int panel,
      int half,
      int group,
      MemorySegment target,
      long at,
      BlockedBytes layout,
      int[] sums,
      int to) {
    boolean nibbles = weights.width() == 4;
    for (int lane = 0; lane < Panels.WORDS; lane++) {
      int zero = weights.zero(panel, group, half * Panels.WORDS + lane) + (nibbles ? 8 : 0);
      sums[to + lane] = (zero & 0xFF) * 0x01010101;
    }
    MemorySegment memory = weights.memory();
    long from = weights.codes().offset(panel, group);
    int quads = weights.groups().width(group) / BlockedBytes.QUAD;
    int shift = half * Panels.ROW_BITS;
    if (weights.hasSeconds()) {
      long seconds = weights.secondsOffset(panel, group);
      VectorUnpacking.scaledNibbles(
          memory,
          from,
          quads,
          shift,
          weights.seconds(),
          seconds,
          target,
          at,
          layout.stride(),
          sums,
          to);
    } else if (nibbles) {
      VectorUnpacking.nibbles(memory, from, quads, shift, target, at, layout.stride(), sums, to);
    } else {
      VectorUnpacking.bytes(memory, from, quads, shift, target, at, layout.stride(), sums, to);
    }
    ScalarUnpacking.from(quads, weights, panel, half, group, target, at, layout, sums, to);
  }

  @Override
  public void addScaled(
      GroupSums sums,
      int row,
      int firstGroup,
      int groups,
      int shift,
      int count,
      float[] target,
      int to) {
    VectorTiles.addScaled(sums, row, firstGroup, groups, shift, count, target, to);
  }

  @Override
  public void storeColumns(
      float[] chunk,
      int columns,
      float[] factors,
      MemorySegment matrix,
      ElementType type,
      long element,
      long stride) {
    if (type == ElementType.F32) {
      VectorTiles.storeFloats(chunk, columns, factors, matrix, element, stride);
    } else {
      VectorTiles.storeBrainFloats(chunk, columns, factors, matrix, element, stride);
    }
  }
}
