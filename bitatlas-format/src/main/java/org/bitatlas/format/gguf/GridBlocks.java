package org.bitatlas.format.gguf;

import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.GridLayer;
import org.bitatlas.scheme.GridLinear;

/**
 * Integer grids as GGUF blocks, without rounding anything: the dequantized weights are the same
 * numbers. A grid whose groups are whole blocks of 32 becomes
 *
 * <ul>
 *   <li>Q4_0 when every code less its zero point is -8 .. 7,
 *   <li>Q4_1 when every group has codes 0 .. 15 and a minimum -scale * zero that half precision
 *       holds,
 *   <li>Q5_0 for -16 .. 15, which any grid of up to 4 bits is, and Q8_0 for -128 .. 127,
 * </ul>
 *
 * the first of these that fits. Scales are stored in half precision; the caller sees to it that
 * this holds them.
 */
final class GridBlocks {

  private static final int BLOCK = SmallBlocks.WEIGHTS;

  private GridBlocks() {}

  /**
   * The type that holds a grid exactly. Codes are read where width and zero points leave it open.
   *
   * @throws FormatRefusal when there is none; says why and what to do
   */
  static GgufType typeOf(GridLayer layer) {
    String module = layer.module();
    if (layer.scattered()) {
      throw refused(
          module, "its groups are scattered (activation order) and a GGUF block is 32 neighbours");
    }
    if (layer.inputFeatures() % BLOCK != 0 || layer.groupSize() % BLOCK != 0) {
      throw refused(
          module,
          "its rows of %d weights and groups of %d are not whole blocks of 32; choose groups of 32"
              .formatted(layer.inputFeatures(), layer.groupSize()));
    }
    return layer.centred() && layer.bits() <= 4
        ? GgufType.Q4_0
        : typeOf(module, layer.content().get());
  }

  private static GgufType typeOf(String module, GridLinear grid) {
    int low = 0;
    int high = 0;
    boolean minimums = grid.bits() <= 4;
    byte[] codes = new byte[grid.inputFeatures()];
    for (int row = 0; row < grid.outputFeatures(); row++) {
      grid.unpackRow(row, codes);
      for (int group = 0; group < grid.groups(); group++) {
        int cell = row * grid.groups() + group;
        int zero = grid.zeroPoints()[cell] & 0xFF;
        int end = Math.min(codes.length, (group + 1) * grid.groupSize());
        for (int k = group * grid.groupSize(); k < end; k++) {
          int number = (codes[k] & 0xFF) - zero;
          low = Math.min(low, number);
          high = Math.max(high, number);
        }
        float minimum = -half(grid.scales()[cell]) * zero;
        minimums &= half(minimum) == minimum;
      }
    }
    if (low >= -8 && high <= 7) {
      return GgufType.Q4_0;
    }
    if (minimums) {
      return GgufType.Q4_1;
    }
    if (low >= -16 && high <= 15) {
      return GgufType.Q5_0;
    }
    if (low >= -128 && high <= 127) {
      return GgufType.Q8_0;
    }
    throw refused(
        module,
        "its codes are up to %d from their zero point and Q8_0 holds -128 to 127; choose a symmetric grid"
            .formatted(Math.max(-low, high)));
  }

  private static FormatRefusal refused(String module, String reason) {
    return FormatRefusal.of(FormatName.GGUF, module, reason);
  }

  private static float half(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }

  /**
   * The blocks of a grid.
   *
   * @param type as {@link #typeOf} says
   */
  static GgufTensorData.RowSource rows(GridLinear grid, GgufType type, RowOrder order) {
    return (row, blocks) -> {
      int source = order.ofCheckpoint(row);
      byte[] codes = new byte[grid.inputFeatures()];
      grid.unpackRow(source, codes);
      int[] block = new int[BLOCK];
      for (int first = 0, at = 0; first < codes.length; first += BLOCK, at += type.blockBytes()) {
        int cell = source * grid.groups() + first / grid.groupSize();
        float scale = half(grid.scales()[cell]);
        int zero = grid.zeroPoints()[cell] & 0xFF;
        int middle = type == GgufType.Q4_0 ? 8 : type == GgufType.Q5_0 ? 16 : 0;
        int shift = type == GgufType.Q4_1 ? 0 : middle - zero;
        for (int j = 0; j < BLOCK; j++) {
          block[j] = (codes[first + j] & 0xFF) + shift;
        }
        LittleEndian.putHalf(blocks, at, scale);
        switch (type) {
          case Q4_0 -> SmallBlockEncoder.putNibbles(block, blocks, at + 2);
          case Q4_1 -> {
            LittleEndian.putHalf(blocks, at + 2, -scale * zero);
            SmallBlockEncoder.putNibbles(block, blocks, at + 4);
          }
          case Q5_0 -> {
            SmallBlockEncoder.putFifths(block, blocks, at + 2);
            SmallBlockEncoder.putNibbles(block, blocks, at + 6);
          }
          case Q8_0 -> {
            for (int j = 0; j < BLOCK; j++) {
              blocks[at + 2 + j] = (byte) block[j];
            }
          }
          default -> throw new IllegalArgumentException("no grid is carried in " + type);
        }
      }
    };
  }
}
