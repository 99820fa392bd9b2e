package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.scheme.GridLinear;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Every grid against the repositories that define it, degenerate rows included. */
class RtnGoldenTest {

  /** Repository, bits, symmetry, search and group size of a golden case. */
  private record Case(String prefix, Grid grid, int bits, boolean search, int groupSize) {}

  @TestFactory
  List<DynamicTest> everyGridGivesTheReferenceCodes() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path json : Golden.list(Golden.folder("rtn"), ".json")) {
      String name = json.getFileName().toString().replace(".json", "");
      Path file = json.resolveSibling(name + ".safetensors");
      JsonNode group = Golden.json(json).path("options").path("group_size");
      int groupSize = group.isNumber() ? group.intValue() : 0;
      try (Checkpoint checkpoint = SafetensorsCheckpoint.open(file)) {
        for (String tensor : checkpoint.names()) {
          if (tensor.endsWith(".Q")) {
            Case golden = parse(tensor, groupSize);
            tests.add(
                DynamicTest.dynamicTest(name + " " + golden.prefix(), () -> check(file, golden)));
          }
        }
      }
    }
    return tests;
  }

  /** For example {@code gptq.w2.sym.mse.Q} or {@code ct.w4.asym.g32.Q}. */
  private static Case parse(String tensor, int groupSizeOfFile) {
    String prefix = tensor.substring(0, tensor.length() - ".Q".length());
    List<String> parts = List.of(prefix.split("\\."));
    boolean symmetric = parts.get(2).equals("sym");
    Grid grid =
        switch (parts.get(0)) {
          case "gptq" -> symmetric ? Grid.GPTQ_SYMMETRIC : Grid.GPTQ_ASYMMETRIC;
          case "quarot" -> symmetric ? Grid.QUAROT_SYMMETRIC : Grid.QUAROT_ASYMMETRIC;
          case "smoothquant" -> Grid.QUAROT_SYMMETRIC;
          case "awq" -> Grid.AWQ_ASYMMETRIC;
          case "ct" ->
              symmetric ? Grid.COMPRESSED_TENSORS_SYMMETRIC : Grid.COMPRESSED_TENSORS_ASYMMETRIC;
          default -> throw new AssertionError("unknown repository in " + tensor);
        };
    int groupSize = groupSizeOfFile;
    for (String part : parts) {
      if (part.matches("g\\d+")) {
        groupSize = Integer.parseInt(part.substring(1));
      }
    }
    int bits = Integer.parseInt(parts.get(1).substring(1));
    return new Case(prefix, grid, bits, parts.contains("mse"), groupSize);
  }

  private static void check(Path file, Case golden) {
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(file);
        Tiles tiles = new Tiles(1)) {
      float[] weight = Golden.floats(checkpoint, "W");
      int rows = Golden.size(checkpoint, "W", 0);
      int columns = Golden.size(checkpoint, "W", 1);
      Recipe recipe =
          Recipe.of(
              new WeightScheme(golden.bits(), golden.groupSize(), golden.grid(), golden.search()),
              new Rounding.Nearest());
      GridLinear linear =
          ColumnSweep.round(weight, rows, columns, recipe, Optional.empty(), tiles).linear();

      float[] scales = Golden.floats(checkpoint, golden.prefix() + ".scale");
      for (int cell = 0; cell < scales.length; cell++) {
        float relative = Math.abs(linear.scales()[cell] - scales[cell]) / scales[cell];
        assertThat(relative).as("scale %d: %s", cell, scales[cell]).isLessThanOrEqualTo(1e-6f);
      }
      int half = 1 << (golden.bits() - 1);
      boolean signed =
          golden.grid() == Grid.QUAROT_SYMMETRIC
              || golden.grid() == Grid.COMPRESSED_TENSORS_SYMMETRIC
              || golden.grid() == Grid.COMPRESSED_TENSORS_ASYMMETRIC;
      int offset = signed ? half : 0;
      if (checkpoint.find(golden.prefix() + ".zero").isPresent()) {
        float[] zeros = Golden.floats(checkpoint, golden.prefix() + ".zero");
        for (int cell = 0; cell < zeros.length; cell++) {
          assertThat((linear.zeroPoints()[cell] & 0xFF) - offset)
              .as("zero point %d", cell)
              .isEqualTo((int) zeros[cell]);
        }
      }
      if (checkpoint.find(golden.prefix() + ".codes").isPresent()) {
        float[] codes = Golden.floats(checkpoint, golden.prefix() + ".codes");
        for (int i = 0; i < codes.length; i++) {
          assertThat(linear.code(i / columns, i % columns) - offset)
              .as("code of weight %d", i)
              .isEqualTo((int) codes[i]);
        }
      }
      float[] expected = Golden.floats(checkpoint, golden.prefix() + ".Q");
      float[] rounded = linear.dequantize();
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs(rounded[i] - expected[i]))
            .as("weight %d (row %d): %s against %s", i, i / columns, rounded[i], expected[i])
            .isLessThanOrEqualTo(Math.ulp(expected[i]));
      }
    }
  }
}
