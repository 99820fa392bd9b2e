package org.bitatlas.format.gptq;

import org.bitatlas.format.ConfigFields;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.HalfScales;

/**
 * How a layer is quantized, as far as a GPTQ configuration says.
 *
 * @param bits of a code
 * @param groupSize columns that share a scale; -1 for one scale per output channel
 * @param actOrder whether the columns of a group are scattered ({@code desc_act})
 * @param symmetric whether all zero points are the middle of the codes
 */
public record GptqScheme(int bits, int groupSize, boolean actOrder, boolean symmetric) {

  /** Stands for one scale per output channel. */
  public static final int CHANNEL = -1;

  private static final String BITS = "bits";
  private static final String GROUP_SIZE = "group_size";
  private static final String ACT_ORDER = "desc_act";
  private static final String SYMMETRIC = "sym";

  /** The scheme of a layer. With one group, columns cannot be out of order. */
  static GptqScheme of(GridLayer grid) {
    return new GptqScheme(
        grid.bits(),
        HalfScales.stated(grid),
        grid.scattered() && grid.groups() > 1,
        grid.centred());
  }

  /** What a configuration says of all layers. */
  static GptqScheme of(ConfigFields section) {
    return new GptqScheme(
        section.require(BITS, 2, 8),
        groupSize(section, CHANNEL),
        section.flag(ACT_ORDER, false),
        section.flag(SYMMETRIC, true));
  }

  /** This scheme, with the fields that an override names. */
  public GptqScheme with(ConfigFields override) {
    return new GptqScheme(
        override.integer(BITS, 2, 8).orElse(bits),
        groupSize(override, groupSize),
        override.flag(ACT_ORDER, actOrder),
        override.flag(SYMMETRIC, symmetric));
  }

  private static int groupSize(ConfigFields fields, int otherwise) {
    return fields
        .integer(GROUP_SIZE, CHANNEL, Integer.MAX_VALUE)
        .map(size -> size > 0 ? size : CHANNEL)
        .orElse(otherwise);
  }

  /** Columns of a group in a row of {@code columns}. */
  public int groupSize(int columns) {
    return groupSize == CHANNEL ? columns : groupSize;
  }

  /** Bits and groups, for example {@code 4 bits in groups of 32}. */
  public String words() {
    return bits + " bits " + (groupSize == CHANNEL ? "per channel" : "in groups of " + groupSize);
  }
}
