package org.bitatlas.format;

import java.util.List;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.ElementType;

/**
 * Scales in the layout of GPTQ and AWQ: fp16 [G x N]. Those formats have no other type, so a
 * checkpoint whose scales fp16 does not hold is refused unless rounding them was asked for.
 */
public final class HalfScales {

  private HalfScales() {}

  /**
   * Checks that fp16 holds every scale, or notes what rounding them changes.
   *
   * @param roundScales whether scales may be rounded
   * @param notes gets a sentence when they are
   * @throws FormatRefusal when a scale is not held and may not, or cannot, be rounded
   */
  public static void require(
      ExportSource source, FormatName format, boolean roundScales, List<String> notes) {
    ScaleRounding rounding = ScaleRounding.measure(source.quantized(), ElementType.F16);
    if (rounding.exact()) {
      return;
    }
    if (!rounding.possible()) {
      throw FormatRefusal.of(
          format,
          rounding.module(),
          "its scales are fp16 and one would be rounded to 0 or beyond the largest value");
    }
    if (!roundScales) {
      throw FormatRefusal.of(
          format,
          rounding.module(),
          "its scales are fp16, and rounding to fp16 changes weights %s; accept that with --round-scales, or export to compressed-tensors"
              .formatted(rounding.inWords()));
    }
    notes.add("Scales were rounded to fp16, which changes weights " + rounding.inWords() + ".");
  }

  /** The scales of a layer. */
  public static TensorData tensor(String name, GridLayer grid) {
    int rows = grid.outputFeatures();
    return StoredFloats.tensor(
        name,
        () -> PackedWords.transposed(grid.cells().get().scales(), rows, grid.groups()),
        ElementType.F16,
        grid.groups(),
        rows);
  }

  /** The group size as these formats state it: -1 for one scale per output channel. */
  public static int stated(GridLayer grid) {
    return grid.groupSize() == grid.inputFeatures() ? -1 : grid.groupSize();
  }
}
