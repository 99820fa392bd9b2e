package org.bitatlas.quant.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.rounding.Tiles;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Scales, ranges and codes of single blocks against mit-han-lab/llm-awq.
 *
 * <p>A weight clamped to -m .. m has its zero point exactly between two whole numbers on an
 * asymmetric grid, so the last bit of a scale decides which it is. Ranges and codes are therefore
 * compared linear by linear from the reference's own scales, and over the whole block from ours.
 */
class AwqGoldenTest {

  private static final double NEAR_TIE = 1.001;

  @TestFactory
  List<DynamicTest> scalesRangesAndCodesAreTheReferences() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path json : Golden.list(Golden.folder("awq"), ".json")) {
      String name = json.getFileName().toString();
      tests.add(DynamicTest.dynamicTest(name + " scales", () -> checkScales(json)));
      tests.add(DynamicTest.dynamicTest(name + " ranges", () -> checkRanges(json)));
      tests.add(DynamicTest.dynamicTest(name + " block", () -> checkBlock(json)));
    }
    return tests;
  }

  private static AwqSearch.Result search(AwqCase golden, DecoderBlock block) {
    try (Tiles tiles = new Tiles(2)) {
      return AwqSearch.search(
          block, golden.hidden(3), golden.recipe(), golden.options(), tiles, SearchListener.NONE);
    }
  }

  private static void checkScales(Path json) throws IOException {
    try (AwqCase golden = AwqCase.open(json);
        DecoderBlock block = golden.loader().load(0)) {
      AwqSearch.Result result = search(golden, block);
      Map<InputGroup, float[]> scales = golden.scales();
      assertThat(result.scales().keySet()).isEqualTo(scales.keySet());
      for (Map.Entry<InputGroup, ScaleSearch.Found> entry : result.scales().entrySet()) {
        String name = AwqCase.mapping(entry.getKey());
        ScaleSearch.Found found = entry.getValue();
        float[] losses = Golden.floats(golden.expected(), "losses." + name);
        assertThat(found.losses()).hasSameSizeAs(losses);
        for (int step = 0; step < losses.length; step++) {
          assertThat(found.losses()[step])
              .as("%s, loss of ratio %d", name, step)
              .isCloseTo(losses[step], within(golden.tolerance("losses_rel") * losses[step]));
        }
        double ratio = golden.best(entry.getKey()).path("best_ratio").doubleValue();
        double runnerUp = golden.best(entry.getKey()).path("second_best_loss_ratio").doubleValue();
        boolean nearTie = runnerUp < NEAR_TIE;
        if (!nearTie) {
          assertThat(found.ratio()).as(name).isCloseTo(ratio, within(1e-9));
          Deviation.assertClose(
              name, found.scales(), scales.get(entry.getKey()), golden.tolerance("scale_rel"));
        }
      }
    }
  }

  private static void checkRanges(Path json) throws IOException {
    try (AwqCase golden = AwqCase.open(json);
        DecoderBlock block = golden.loader().load(0);
        Tiles tiles = new Tiles(2)) {
      AwqSearch.Result result =
          AwqSearch.clip(
              block, golden.hidden(3), golden.recipe(), golden.options(), golden.scales(), tiles);
      golden.quantize(block, result.transform());
      for (Projection projection : Projection.values()) {
        Difference ranges = ranges(golden, result, projection);
        Difference codes = codes(golden, block, projection);
        assertThat(ranges.fraction())
            .as("ranges of %s", projection)
            .isLessThanOrEqualTo(golden.tolerance("clip_fraction_differing"));
        assertThat(codes.fraction())
            .as("weights of %s", projection)
            .isLessThanOrEqualTo(golden.tolerance("quant_weight_fraction_differing"));
      }
      for (String name : golden.expected().names()) {
        if (name.startsWith("scaled.")) {
          Deviation.assertClose(
              name,
              scaled(block, name.substring("scaled.".length())),
              Golden.floats(golden.expected(), name),
              golden.tolerance("scale_rel"));
        }
      }
    }
  }

  private static void checkBlock(Path json) throws IOException {
    try (AwqCase golden = AwqCase.open(json);
        DecoderBlock block = golden.loader().load(0);
        DecoderBlock nearest = golden.loader().load(0)) {
      float[] before = golden.output(block);
      AwqSearch.Result result = search(golden, block);
      golden.quantize(block, result.transform());
      Difference ranges = Difference.NONE;
      Difference codes = Difference.NONE;
      for (Projection projection : Projection.values()) {
        ranges = ranges.plus(ranges(golden, result, projection));
        codes = codes.plus(codes(golden, block, projection));
      }
      assertThat(ranges.fraction())
          .as("ranges of all linears")
          .isLessThanOrEqualTo(golden.tolerance("clip_fraction_differing"));
      assertThat(codes.fraction())
          .as("weights of all linears")
          .isLessThanOrEqualTo(golden.tolerance("quant_weight_fraction_differing"));
      assertClose(
          golden, "block_output_mse_awq", Deviation.meanSquare(golden.output(block), before));
      golden.quantize(nearest, new ScaledBlock(nearest).transform(Map.of(), new LinkedHashMap<>()));
      assertClose(
          golden, "block_output_mse_rtn", Deviation.meanSquare(golden.output(nearest), before));
    }
  }

  private static void assertClose(AwqCase golden, String what, double found) {
    double expected = golden.expectedValue(what);
    double tolerance = golden.tolerance("block_output_mse_rel");
    assertThat(found).as(what).isCloseTo(expected, within(tolerance * expected));
  }

  /** How many of how many values differ. */
  private record Difference(int differing, int count) {
    static final Difference NONE = new Difference(0, 0);

    Difference plus(Difference other) {
      return new Difference(differing + other.differing, count + other.count);
    }

    double fraction() {
      return count == 0 ? 0 : (double) differing / count;
    }
  }

  private static Difference ranges(AwqCase golden, AwqSearch.Result result, Projection projection) {
    String name = "clip." + projection.path();
    boolean clipped = golden.expected().find(name).isPresent();
    assertThat(result.maxima().containsKey(projection)).as(name).isEqualTo(clipped);
    if (!clipped) {
      return Difference.NONE;
    }
    float[] expected = Golden.floats(golden.expected(), name);
    float[] found = result.maxima().get(projection);
    assertThat(found).hasSameSizeAs(expected);
    int differing = 0;
    for (int cell = 0; cell < expected.length; cell++) {
      double limit = golden.tolerance("clip_rel") * expected[cell];
      differing += Math.abs(found[cell] - expected[cell]) <= limit ? 0 : 1;
    }
    return new Difference(differing, expected.length);
  }

  private static Difference codes(AwqCase golden, DecoderBlock block, Projection projection) {
    float[] expected = golden.quantized(projection);
    float[] found = block.weight(projection);
    int columns = block.architecture().inputFeatures(projection);
    int differing = 0;
    for (int row = 0; row < expected.length; row += columns) {
      float largest = 0;
      for (int k = 0; k < columns; k++) {
        largest = Math.max(largest, Math.abs(expected[row + k]));
      }
      for (int k = 0; k < columns; k++) {
        differing += Math.abs(found[row + k] - expected[row + k]) <= 1e-3 * largest ? 0 : 1;
      }
    }
    return new Difference(differing, expected.length);
  }

  /** A norm's weight or a projection's bias, by its name inside the block. */
  private static float[] scaled(DecoderBlock block, String name) {
    for (Projection projection : Projection.values()) {
      if (name.equals(projection.path() + ".bias")) {
        return block.bias(projection).orElseThrow();
      }
    }
    return block.norm(name.startsWith("input") ? InputGroup.ATTENTION : InputGroup.MLP);
  }
}
