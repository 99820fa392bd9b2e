package org.bitatlas.format.gguf;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * GGUF blocks as an integer grid with the same weights: Q4_0, Q5_0, Q8_0, Q3_K and Q6_K always (the
 * scale d s of a sub-block of the latter two is exact in single precision), Q4_1 and Q5_1 when
 * every minimum is a whole multiple of its scale. The weights of other types are no whole multiples
 * of one number.
 */
final class BlockGrid {

  private static final short ONE = Float.floatToFloat16(1);

  /**
   * @param bits of a code
   * @param group weights that share a scale
   * @param zero the code of weight 0; -1 where each group has its own
   */
  private record Layout(int bits, int group, int zero) {}

  private final GgufTensor tensor;
  private final GgufType type;
  private final Layout layout;
  private final int columns;
  private final int groups;
  private final float[] scales;
  private final byte[] zeros;
  private final byte[] codes;

  private BlockGrid(GgufTensor tensor, Layout layout) {
    this.tensor = tensor;
    this.type = tensor.info().type();
    this.layout = layout;
    this.columns = tensor.info().columns();
    this.groups = columns / layout.group();
    int rows = tensor.info().rows();
    this.scales = new float[Math.multiplyExact(rows, groups)];
    this.zeros = new byte[scales.length];
    this.codes = new byte[Math.multiplyExact(rows, columns)];
  }

  private static Optional<Layout> layout(GgufType type) {
    return switch (type) {
      case Q4_0 -> Optional.of(new Layout(4, 32, 8));
      case Q4_1 -> Optional.of(new Layout(4, 32, -1));
      case Q5_0 -> Optional.of(new Layout(5, 32, 16));
      case Q5_1 -> Optional.of(new Layout(5, 32, -1));
      case Q8_0 -> Optional.of(new Layout(8, 32, 128));
      case Q3_K -> Optional.of(new Layout(3, 16, 4));
      case Q6_K -> Optional.of(new Layout(6, 16, 32));
      case F32, F16, BF16, Q2_K, Q4_K, Q5_K -> Optional.empty();
    };
  }

  /**
   * The grid of a tensor [N x K]; empty when its weights are on none.
   *
   * @param order how rows of the file follow those of the grid
   * @throws BitAtlasException when a scale is not finite
   */
  static Optional<GridLinear> of(GgufTensor tensor, RowOrder order) {
    return layout(tensor.info().type())
        .flatMap(layout -> {
          BlockGrid grid = new BlockGrid(tensor, layout);
          for (int row = 0; row < tensor.info().rows(); row++) {
            if (!grid.read(row, tensor.blocks(order.ofFile(row)))) {
              return Optional.empty();
            }
          }
          return Optional.of(grid.built());
        });
  }

  private GridLinear built() {
    return GridLinear.of(
        tensor.info().rows(),
        columns,
        layout.bits(),
        layout.group(),
        layout.zero() >= 0,
        codes,
        scales,
        zeros,
        Optional.empty());
  }

  /** Reads a row; false when a group has no whole zero point. */
  private boolean read(int row, byte[] blocks) {
    int perBlock = type.blockWeights() / layout.group();
    for (int group = 0; group < groups; group++) {
      int at = group / perBlock * type.blockBytes();
      int cell = row * groups + group;
      scales[cell] = scale(blocks, at, group % perBlock);
      if (!Float.isFinite(scales[cell])) {
        throw new BitAtlasException(
            "%s: tensor %s has a scale in row %d that is not finite; the file is damaged."
                .formatted(tensor.file(), tensor.info().name(), row));
      }
      int zero = layout.zero() >= 0 ? layout.zero() : zero(blocks, at, scales[cell]);
      if (zero < 0) {
        return false;
      }
      zeros[cell] = (byte) zero;
    }
    // With all scales one and all minimums zero, the weights are the codes less the zero point.
    for (int at = 0; at < blocks.length; at += type.blockBytes()) {
      setOnes(blocks, at);
    }
    float[] numbers = new float[columns];
    type.decodeRow(blocks, numbers);
    int shift = Math.max(0, layout.zero());
    for (int k = 0; k < columns; k++) {
      codes[row * columns + k] = (byte) ((int) numbers[k] + shift);
    }
    return true;
  }

  private float scale(byte[] blocks, int at, int sub) {
    return switch (type) {
      case Q3_K ->
          LittleEndian.half(blocks, at + 108) * (SuperBlocks.scaleOfQ3(blocks, at + 96, sub) - 32);
      case Q6_K -> LittleEndian.half(blocks, at + 208) * blocks[at + 192 + sub];
      default -> LittleEndian.half(blocks, at);
    };
  }

  private int zero(byte[] blocks, int at, float scale) {
    float minimum = LittleEndian.half(blocks, at + 2);
    float zero = scale == 0 ? 0 : (float) Math.rint(-minimum / scale);
    boolean whole = zero >= 0 && zero < 1 << layout.bits() && -scale * zero == minimum;
    return whole ? (int) zero : -1;
  }

  private void setOnes(byte[] blocks, int at) {
    switch (type) {
      case Q3_K -> {
        // 33 everywhere: 1 in each low nibble and 2 in each pair of high bits.
        Arrays.fill(blocks, at + 96, at + 104, (byte) 0x11);
        Arrays.fill(blocks, at + 104, at + 108, (byte) 0xAA);
        LittleEndian.put16(blocks, at + 108, ONE);
      }
      case Q6_K -> {
        Arrays.fill(blocks, at + 192, at + 208, (byte) 1);
        LittleEndian.put16(blocks, at + 208, ONE);
      }
      case Q4_1, Q5_1 -> {
        LittleEndian.put16(blocks, at, ONE);
        LittleEndian.put16(blocks, at + 2, (short) 0);
      }
      default -> LittleEndian.put16(blocks, at, ONE);
    }
  }
}
