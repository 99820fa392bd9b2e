package org.bitatlas.quant.method;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A quantization method as data.
 *
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; 0 for one scale per output channel
 * @param grid how scales are fitted
 * @param meanSquaredErrorClip whether the range is searched for the least error (exponent 2.4)
 * @param rounding how codes are chosen on the grid
 */
public record Recipe(
    int bits, int groupSize, Grid grid, boolean meanSquaredErrorClip, Rounding rounding) {

  /** How codes are chosen. */
  public sealed interface Rounding {}

  /** Round to nearest; needs no calibration. */
  public record Nearest() implements Rounding {}

  /**
   * GPTQ (Frantar et al. 2023).
   *
   * @param damping added to the diagonal of H as a fraction of its mean, 0 to 1
   * @param blockSize columns updated lazily together, at least 1
   * @param actOrder columns by descending diagonal of H
   * @param staticGroups grids of all groups fitted before the sweep
   * @param trueSequential k, v, q, then o, then up, gate, then down see the quantized ones before
   */
  public record Gptq(
      double damping, int blockSize, boolean actOrder, boolean staticGroups, boolean trueSequential)
      implements Rounding {

    /** What the reference repository does without options: damping .01, blocks of 128. */
    public static final Gptq DEFAULT = new Gptq(0.01, 128, false, false, false);

    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when damping or block size is out of range
     */
    public Gptq {
      if (!(damping >= 0 && damping <= 1)) {
        throw new BitAtlasException(
            "A GPTQ recipe has damping "
                + damping
                + "; give a fraction from 0 to 1, usually 0.01.");
      }
      if (blockSize < 1) {
        throw new BitAtlasException(
            "A GPTQ recipe has blocksize " + blockSize + "; give at least 1, usually 128.");
      }
    }
  }

  /**
   * Checks that the options go together.
   *
   * @throws BitAtlasException naming the option that does not fit
   */
  public Recipe {
    if (bits > 8 || bits < grid.minimumBits()) {
      throw new BitAtlasException(
          "A recipe asks for %d bits, but the grid %s is defined for %d to 8 bits."
              .formatted(bits, grid.id(), grid.minimumBits()));
    }
    if (groupSize < 0) {
      throw new BitAtlasException(
          "A recipe has group size " + groupSize + "; give a number of columns, or 0 for none.");
    }
    if (meanSquaredErrorClip && !grid.searchable()) {
      throw new BitAtlasException(
          "A recipe asks for mse with the grid " + grid.id() + ", whose range is not searched.");
    }
  }

  /** Round to nearest on the reference's asymmetric grid. */
  public static Recipe rtn(int bits, int groupSize) {
    return rtn(bits, groupSize, Grid.GPTQ_ASYMMETRIC);
  }

  /** Round to nearest on a grid. */
  public static Recipe rtn(int bits, int groupSize, Grid grid) {
    return new Recipe(bits, groupSize, grid, false, new Nearest());
  }

  /** GPTQ with the reference's defaults on its asymmetric grid. */
  public static Recipe gptq(int bits, int groupSize) {
    return gptq(bits, groupSize, Grid.GPTQ_ASYMMETRIC, Gptq.DEFAULT);
  }

  /** GPTQ. */
  public static Recipe gptq(int bits, int groupSize, Grid grid, Gptq options) {
    return new Recipe(bits, groupSize, grid, false, options);
  }

  /**
   * A recipe from options as the papers' repositories name them: {@code method} (rtn, gptq), {@code
   * bits}, {@code group_size} (0 or -1 for none), {@code grid} or {@code sym}, {@code mse}, and for
   * GPTQ {@code percdamp}, {@code blocksize}, {@code act_order}, {@code static_groups}, {@code
   * true_sequential}; see {@link RecipeReader} for their other spellings.
   *
   * @throws BitAtlasException naming the option that is unknown, missing, doubled or malformed
   */
  public static Recipe parse(Map<String, ?> options) {
    return RecipeReader.read(options);
  }

  /** Whether the recipe needs calibration data. */
  public boolean needsCalibration() {
    return switch (rounding) {
      case Nearest _ -> false;
      case Gptq _ -> true;
    };
  }

  /** Name of the method, for example {@code GPTQ}. */
  public String method() {
    return switch (rounding) {
      case Nearest _ -> "RTN";
      case Gptq _ -> "GPTQ";
    };
  }

  /** Short name for tables, for example {@code GPTQ W4 g32}; names what differs from defaults. */
  public String label() {
    StringBuilder label = new StringBuilder(method()).append(" W").append(bits);
    if (groupSize > 0) {
      label.append(" g").append(groupSize);
    }
    if (grid != Grid.GPTQ_ASYMMETRIC) {
      label.append(' ').append(grid.id());
    }
    if (meanSquaredErrorClip) {
      label.append(" mse");
    }
    if (rounding instanceof Gptq gptq) {
      label.append(gptq.actOrder() ? " act-order" : "");
      label.append(gptq.staticGroups() ? " static" : "");
      label.append(gptq.trueSequential() ? " true-seq" : "");
      label.append(gptq.damping() == Gptq.DEFAULT.damping() ? "" : " damp " + gptq.damping());
      label.append(gptq.blockSize() == Gptq.DEFAULT.blockSize() ? "" : " b" + gptq.blockSize());
    }
    return label.toString();
  }

  /** All options with their values, in a fixed order: goes into provenance and record keys. */
  public SequencedMap<String, String> describe() {
    SequencedMap<String, String> options = new LinkedHashMap<>();
    options.put("method", method().toLowerCase(Locale.ROOT));
    options.put("profile", "reference");
    options.put("bits", Integer.toString(bits));
    options.put("group_size", Integer.toString(groupSize));
    options.put("grid", grid.id());
    options.put("mse", Boolean.toString(meanSquaredErrorClip));
    switch (rounding) {
      case Nearest _ -> {}
      case Gptq gptq -> {
        options.put("percdamp", Double.toString(gptq.damping()));
        options.put("blocksize", Integer.toString(gptq.blockSize()));
        options.put("act_order", Boolean.toString(gptq.actOrder()));
        options.put("static_groups", Boolean.toString(gptq.staticGroups()));
        options.put("true_sequential", Boolean.toString(gptq.trueSequential()));
        options.put("quirks", "groups-from-stale-weights");
      }
    }
    return options;
  }
}
