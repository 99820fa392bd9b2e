package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;

/** Layers and activations of chosen shapes, drawn from a seed. */
final class KernelCases {

  final RandomGenerator random;

  KernelCases(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /** Which zero points a grid has. */
  enum Zeros {
    MIDDLE,
    DRAWN,
    LEAST,
    GREATEST
  }

  GridLinear grid(int rows, int columns, int bits, int groupSize, Zeros zeros) {
    int groups = Math.ceilDiv(columns, groupSize);
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) extreme(1 << bits);
    }
    byte[] zeroPoints = new byte[rows * groups];
    for (int i = 0; i < zeroPoints.length; i++) {
      zeroPoints[i] =
          (byte)
              switch (zeros) {
                case MIDDLE -> 1 << (bits - 1);
                case DRAWN -> random.nextInt(1 << bits);
                case LEAST -> 0;
                case GREATEST -> (1 << bits) - 1;
              };
    }
    return GridLinear.of(
        rows,
        columns,
        bits,
        groupSize,
        zeros == Zeros.MIDDLE,
        codes,
        floats(rows * groups, 0.01f),
        zeroPoints,
        Optional.empty());
  }

  /** A symmetric grid of groups whose scales are multiples of their channel's. */
  GridLinear secondScales(int rows, int columns, int bits, int groupSize) {
    GridLinear drawn = grid(rows, columns, bits, groupSize, Zeros.MIDDLE);
    int largest = Byte.MAX_VALUE >> (bits - 1);
    float[] channels = new float[rows];
    float[] scales = new float[drawn.scales().length];
    for (int row = 0; row < rows; row++) {
      channels[row] = 1e-3f + Math.abs((float) random.nextGaussian()) * 0.01f;
      for (int group = 0; group < drawn.groups(); group++) {
        scales[row * drawn.groups() + group] = channels[row] * (1 + extreme(largest));
      }
    }
    return new GridLinear(
        rows,
        columns,
        bits,
        groupSize,
        true,
        drawn.codes(),
        scales,
        drawn.zeroPoints(),
        Optional.empty(),
        Optional.of(channels));
  }

  /** The same with columns that belong to groups in no order. */
  GridLinear actOrder(GridLinear grid) {
    int[] index = new int[grid.inputFeatures()];
    for (int k = 0; k < index.length; k++) {
      index[k] = random.nextInt(grid.groups());
    }
    return withIndex(grid, index);
  }

  /** The same with columns dealt to groups in turns. */
  GridLinear dealt(GridLinear grid) {
    int[] index = new int[grid.inputFeatures()];
    for (int k = 0; k < index.length; k++) {
      index[k] = k % grid.groups();
    }
    return withIndex(grid, index);
  }

  private static GridLinear withIndex(GridLinear grid, int[] index) {
    return new GridLinear(
        grid.outputFeatures(),
        grid.inputFeatures(),
        grid.bits(),
        grid.groupSize(),
        grid.symmetric(),
        grid.codes(),
        grid.scales(),
        grid.zeroPoints(),
        Optional.of(index),
        grid.channelScales());
  }

  MixedGroupLinear mixed(int rows, int columns, int groupSize) {
    int[] bits = new int[Math.ceilDiv(columns, groupSize)];
    for (int group = 0; group < bits.length; group++) {
      bits[group] = 1 + random.nextInt(8);
    }
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) extreme(1 << bits[i % columns / groupSize]);
    }
    float[] offsets = floats(rows * bits.length, 0.1f);
    for (int i = 0; i < offsets.length; i++) {
      if (bits[i % bits.length] > 1) {
        offsets[i] = random.nextInt(1 << bits[i % bits.length]);
      }
    }
    return MixedGroupLinear.of(
        rows, columns, groupSize, bits, codes, floats(rows * bits.length, 0.01f), offsets);
  }

  BinaryLinear binary(int rows, int columns, int blockSize) {
    int blocks = Math.ceilDiv(columns, blockSize);
    return BinaryLinear.of(
        rows,
        columns,
        blockSize,
        flags(columns, 0.2),
        flags(rows * columns, 0.5),
        flags(rows * columns, 0.3),
        floats(rows * blocks * BinaryLinear.TERMS, 0.01f),
        floats(rows * blocks * BinaryLinear.TERMS, 0.1f));
  }

  FloatLinear floatLinear(int rows, int columns) {
    return new FloatLinear(rows, columns, floats(rows * columns, 0.1f));
  }

  /** bf16 values [N x K], row-major. */
  MemorySegment brainFloats(int rows, int columns, Arena arena) {
    MemorySegment bits = arena.allocate((long) rows * columns * Short.BYTES, Short.BYTES);
    for (long i = 0; i < (long) rows * columns; i++) {
      int pattern = Float.floatToRawIntBits((float) random.nextGaussian());
      bits.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (pattern >> 16));
    }
    return bits;
  }

  float[] floats(int count, float scale) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * scale;
    }
    return values;
  }

  private boolean[] flags(int count, double share) {
    boolean[] flags = new boolean[count];
    for (int i = 0; i < count; i++) {
      flags[i] = random.nextDouble() < share;
    }
    return flags;
  }

  /** A number below {@code bound}; every second one is the least or the greatest. */
  int extreme(int bound) {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> bound - 1;
      default -> random.nextInt(bound);
    };
  }

  /** Codes from {@code least} to {@code greatest}, every second one at an end. */
  ActivationCodes codes(int rows, int columns, int least, int greatest) {
    ActivationCodes codes = new ActivationCodes(rows, columns);
    codes.begin(rows);
    for (int row = 0; row < rows; row++) {
      codes.range().set(0.02f + row, least, greatest);
      codes.setScale(row);
      for (int k = 0; k < columns; k++) {
        codes.codes()[row * ActivationCodes.stride(columns) + k] =
            (short) (least + extreme(greatest - least + 1));
      }
    }
    return codes;
  }
}
