package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Blocks against gguf-py's: rounded and read back bit for bit. */
class BlockGoldenTest {

  private static final String BLOCKS = "blocks.";

  @TestFactory
  List<DynamicTest> blocks() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : GoldenFiles.list(".safetensors")) {
      try (Checkpoint probe = SafetensorsCheckpoint.open(file)) {
        for (String name : probe.names()) {
          if (name.startsWith(BLOCKS)) {
            String type = name.substring(BLOCKS.length());
            tests.add(
                DynamicTest.dynamicTest(
                    file.getFileName() + " " + type, () -> check(file, GgufType.of(type))));
          }
        }
      }
    }
    assertThat(tests).isNotEmpty();
    return tests;
  }

  private static void check(Path file, GgufType type) {
    try (Checkpoint golden = SafetensorsCheckpoint.open(file)) {
      StoredTensor blocks = golden.get(BLOCKS + type);
      float[] expected = GoldenFiles.floats(golden, "dequant." + type);
      int rows = Math.toIntExact(blocks.shape().getFirst());
      int columns = expected.length / rows;
      byte[] stored = blocks.data().toArray(ValueLayout.JAVA_BYTE);
      int rowBytes = type.rowBytes(columns);
      assertThat(stored).hasSize(rows * rowBytes);
      float[] row = new float[columns];
      for (int n = 0; n < rows; n++) {
        byte[] bytes = Arrays.copyOfRange(stored, n * rowBytes, (n + 1) * rowBytes);
        type.decodeRow(bytes, row);
        assertThat(row)
            .as("row %d read", n)
            .usingComparatorWithPrecision(0f)
            .containsExactly(Arrays.copyOfRange(expected, n * columns, (n + 1) * columns));
        if (type.canEncode() && golden.find("W").isPresent() && hasRows(golden, rows, columns)) {
          float[] weights = GoldenFiles.floats(golden, "W");
          byte[] encoded = new byte[rowBytes];
          type.encodeRow(Arrays.copyOfRange(weights, n * columns, (n + 1) * columns), encoded);
          assertThat(encoded).as("row %d rounded", n).isEqualTo(bytes);
        }
      }
    }
  }

  private static boolean hasRows(Checkpoint golden, int rows, int columns) {
    return golden.get("W").shape().equals(List.of((long) rows, (long) columns));
  }
}
