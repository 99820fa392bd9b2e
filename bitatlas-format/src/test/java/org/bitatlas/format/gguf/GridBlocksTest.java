package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.SmallModel;
import org.bitatlas.scheme.GridLinear;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Integer grids in blocks: the same weights, or a refusal. */
class GridBlocksTest {

  private static final int ROWS = 16;
  private static final int COLUMNS = 192;

  @TempDir Path folder;

  @TestFactory
  List<DynamicTest> weightsStayTheSame() {
    List<DynamicTest> tests = new ArrayList<>();
    for (int bits = 1; bits <= 8; bits++) {
      for (int group : new int[] {32, 64, 192}) {
        for (boolean symmetric : new boolean[] {true, false}) {
          for (int headDimension : new int[] {1, 8}) {
            if (bits < 8 || symmetric) {
              GridLinear grid = grid(bits, group, symmetric);
              RowOrder order = new RowOrder(headDimension);
              tests.add(DynamicTest.dynamicTest(grid + " " + order, () -> check(grid, order)));
            }
          }
        }
      }
    }
    return tests;
  }

  private static GridLinear grid(int bits, int group, boolean symmetric) {
    return SmallModel.grid(
        ROWS, COLUMNS, bits, group, symmetric, Optional.empty(), 31L * bits + group);
  }

  private void check(GridLinear grid, RowOrder order) {
    GgufType type = GridBlocks.typeOf(GridLayer.of("layer", grid));
    Path file = folder.resolve(grid.hashCode() + "-" + order.hashCode() + ".gguf");
    GgufWriter.write(
        file,
        GgufMetadata.empty("test"),
        List.of(
            new GgufTensorData(
                "w",
                type,
                List.of((long) ROWS, (long) COLUMNS),
                GridBlocks.rows(grid, type, order))));
    float[] weights = grid.dequantize();
    try (GgufFile opened = GgufFile.open(file)) {
      float[] stored = opened.get("w").decode();
      for (int row = 0; row < ROWS; row++) {
        int source = order.ofCheckpoint(row);
        assertThat(order.ofFile(source)).isEqualTo(row);
        assertThat(Arrays.copyOfRange(stored, row * COLUMNS, (row + 1) * COLUMNS))
            .usingComparatorWithPrecision(0f)
            .containsExactly(Arrays.copyOfRange(weights, source * COLUMNS, (source + 1) * COLUMNS));
      }
      GridLinear back = read(opened.get("w"), order);
      assertThat(back.dequantize()).usingComparatorWithPrecision(0f).containsExactly(weights);
      if (grid.symmetric() && grid.groupSize() == 32 && List.of(4, 5, 8).contains(grid.bits())) {
        assertThat(back).isEqualTo(grid);
      }
    }
  }

  private static GridLinear read(GgufTensor tensor, RowOrder order) {
    BlockGrid grid = BlockGrid.of(tensor, order).orElseThrow();
    return grid.cells().withCodes(grid.codes());
  }

  /** Q3_K and Q6_K have scales of two levels, which one multiplication gives exactly. */
  @Test
  void superBlocksOfOneStepAreGrids() {
    SplittableRandom random = new SplittableRandom(5);
    for (GgufType type : List.of(GgufType.Q3_K, GgufType.Q6_K)) {
      byte[][] rows = new byte[3][type.rowBytes(512)];
      for (byte[] row : rows) {
        random.nextBytes(row);
        for (int block = 1; block <= 2; block++) {
          // Any finite scale.
          row[block * type.blockBytes() - 1] &= 0x3F;
        }
      }
      Path file = folder.resolve(type + ".gguf");
      GgufWriter.write(
          file,
          GgufMetadata.empty("test"),
          List.of(
              new GgufTensorData(
                  "w",
                  type,
                  List.of(3L, 512L),
                  (row, target) -> System.arraycopy(rows[row], 0, target, 0, target.length))));
      try (GgufFile opened = GgufFile.open(file)) {
        GridLinear grid = read(opened.get("w"), RowOrder.SAME);
        assertThat(grid.dequantize())
            .usingComparatorWithPrecision(0f)
            .containsExactly(opened.get("w").decode());
      }
    }
  }

  /** Minimums that are no whole multiples of the scale are no zero points. */
  @Test
  void otherMinimumsAreNoGrid() {
    float[] weights = SmallModel.values(64, 9);
    Path file = folder.resolve("minimum.gguf");
    GgufWriter.write(
        file,
        GgufMetadata.empty("test"),
        List.of(
            GgufTensorData.rounded(
                "w",
                GgufType.Q4_1,
                List.of(1L, 64L),
                (row, target) -> System.arraycopy(weights, 0, target, 0, 64))));
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(BlockGrid.of(opened.get("w"), RowOrder.SAME)).isEmpty();
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheReason() {
    int[] scattered = new int[64];
    for (int k = 0; k < scattered.length; k++) {
      scattered[k] = k % 2;
    }
    refused(
        SmallModel.grid(4, 64, 4, 32, true, Optional.of(scattered), 1),
        "scattered (activation order)");
    refused(SmallModel.grid(4, 64, 4, 16, true, Optional.empty(), 1), "groups of 16");
    refused(SmallModel.grid(4, 48, 4, 48, true, Optional.empty(), 1), "rows of 48 weights");
    refused(SmallModel.grid(4, 64, 8, 32, false, Optional.empty(), 1), "choose a symmetric grid");
  }

  private static void refused(GridLinear grid, String reason) {
    assertThatThrownBy(() -> GridBlocks.typeOf(GridLayer.of("model.layers.0.mlp.up_proj", grid)))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining("model.layers.0.mlp.up_proj")
        .hasMessageContaining(reason);
  }
}
