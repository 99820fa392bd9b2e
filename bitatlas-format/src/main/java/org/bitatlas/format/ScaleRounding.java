package org.bitatlas.format;

import java.util.Locale;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.ElementType;

/**
 * What becomes of the fp32 scales of a checkpoint where a format stores them in a narrower type.
 * Codes and zero points stay, so that every weight of a group changes by the same factor as its
 * scale.
 *
 * @param type the narrower type
 * @param exact whether it holds every scale
 * @param largestChange largest |rounded / scale - 1| of all scales; infinite where one becomes 0 or
 *     infinite
 * @param module the layer that has it; empty when exact
 */
public record ScaleRounding(ElementType type, boolean exact, double largestChange, String module) {

  /** Measures the change for all grid layers, one after another. */
  public static ScaleRounding measure(QuantizedCheckpoint quantized, ElementType type) {
    double largest = 0;
    String worst = "";
    for (String module : quantized.linears().keySet()) {
      float[] scales = quantized.cells(module).map(GridCells::scales).orElseGet(() -> new float[0]);
      for (float scale : scales) {
        double change = change(scale, type);
        if (change > largest) {
          largest = change;
          worst = module;
        }
      }
    }
    return new ScaleRounding(type, largest == 0, largest, worst);
  }

  private static double change(float scale, ElementType type) {
    float rounded = StoredFloats.round(scale, type);
    if (rounded == scale) {
      return 0;
    }
    return rounded == 0 || !Float.isFinite(rounded)
        ? Double.POSITIVE_INFINITY
        : Math.abs((double) rounded / scale - 1);
  }

  /** Whether no scale becomes 0 or infinite. */
  public boolean possible() {
    return Double.isFinite(largestChange);
  }

  /** The change in words, for example {@code by up to 4.9e-04 of their value}. */
  public String inWords() {
    return possible()
        ? String.format(Locale.ROOT, "by up to %.1e of their value (in %s)", largestChange, module)
        : "to 0 or beyond its largest value (in %s)".formatted(module);
  }
}
