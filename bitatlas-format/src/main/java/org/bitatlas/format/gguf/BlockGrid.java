package org.bitatlas.format.gguf;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.format.PackedWords;
import org.bitatlas.scheme.GridCells;
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
  private final RowOrder order;
  private final int rows;
  private final int columns;
  private final int groups;

  private BlockGrid(GgufTensor tensor, RowOrder order, Layout layout) {
    this.tensor = tensor;
    this.order = order;
    this.type = tensor.info().type();
    this.layout = layout;
    this.rows = tensor.info().rows();
    this.columns = tensor.info().columns();
    this.groups = columns / layout.group();
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
   * The grid of a tensor [N x K]; empty when its weights are on none. Scales and minimums are read
   * to know.
   *
   * @param order how rows of the file follow those of the grid
   * @throws BitAtlasException when a scale is not finite
   */
  static Optional<BlockGrid> of(GgufTensor tensor, RowOrder order) {
    return layout(tensor.info().type())
        .map(layout -> new BlockGrid(tensor, order, layout))
        .filter(grid -> grid.read().isPresent());
  }

  /** Reads scales and zero points. */
  GridCells cells() {
    return read()
        .orElseThrow(() ->
            new IllegalStateException(tensor.info().name() + " was on a grid when it was opened"));
  }

  /** Scales and zero points; empty when a group has no whole zero point. */
  private Optional<GridCells> read() {
    float[] scales = new float[Math.multiplyExact(rows, groups)];
    byte[] zeros = new byte[scales.length];
    int perBlock = type.blockWeights() / layout.group();
    for (int row = 0; row < rows; row++) {
      byte[] blocks = tensor.blocks(order.ofFile(row));
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
          return Optional.empty();
        }
        zeros[cell] = (byte) zero;
      }
    }
    return Optional.of(
        new GridCells(
            rows,
            columns,
            layout.bits(),
            layout.group(),
            layout.zero() >= 0,
            scales,
            zeros,
            Optional.empty(),
            Optional.empty()));
  }

  /** Reads the codes, as {@link org.bitatlas.scheme.GridLinear#codes()}. */
  byte[] codes() {
    byte[] codes = new byte[Math.multiplyExact(rows, columns)];
    float[] numbers = new float[columns];
    int shift = Math.max(0, layout.zero());
    for (int row = 0; row < rows; row++) {
      byte[] blocks = tensor.blocks(order.ofFile(row));
      // With all scales one and all minimums zero, the weights are the codes less the zero point.
      for (int at = 0; at < blocks.length; at += type.blockBytes()) {
        setOnes(blocks, at);
      }
      type.decodeRow(blocks, numbers);
      for (int k = 0; k < columns; k++) {
        codes[row * columns + k] = (byte) ((int) numbers[k] + shift);
      }
    }
    return PackedWords.toCodes(
        PackedWords.pack(codes, rows, columns, layout.bits()), rows, columns, layout.bits());
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
