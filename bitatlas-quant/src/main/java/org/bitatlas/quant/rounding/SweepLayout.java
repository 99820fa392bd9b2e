package org.bitatlas.quant.rounding;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Billm;
import org.bitatlas.quant.method.Rounding.Gptaq;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.Rounding.Nearest;
import org.bitatlas.quant.method.Rounding.SlimLlm;

/**
 * The order of a sweep, its groups and its blocks.
 *
 * @param columns K
 * @param groupSize columns that share a grid
 * @param staticGroups whether groups are consecutive columns, not consecutive in the order
 * @param blockSize columns updated lazily together
 * @param order column at each position
 */
record SweepLayout(int columns, int groupSize, boolean staticGroups, int blockSize, int[] order) {

  /** The layout a recipe asks for, in the order of the factor. */
  static SweepLayout of(Recipe recipe, int columns, Optional<InverseFactor> factor) {
    Gptq options =
        switch (recipe.rounding()) {
          case Gptq gptq -> gptq;
          case Gptaq gptaq -> gptaq.sweep();
          case Nearest _, Billm _, SlimLlm _ -> Gptq.DEFAULT;
        };
    int asked = recipe.groupSize() == 0 ? columns : recipe.groupSize();
    int groupSize = Math.min(asked, columns);
    // Lazy blocks only save memory traffic; without the reference's quirk they hold whole groups,
    // so that a group is fitted on fully updated weights.
    boolean anyBlock = recipe.quirks() || options.staticGroups() || groupSize == columns;
    int block = options.blockSize();
    int blockSize = anyBlock ? block : groupSize * Math.max(1, block / groupSize);
    int[] order = factor.map(InverseFactor::order).orElseGet(() -> natural(columns));
    return new SweepLayout(
        columns, groupSize, options.staticGroups(), Math.min(blockSize, columns), order);
  }

  private static int[] natural(int columns) {
    int[] order = new int[columns];
    Arrays.setAll(order, k -> k);
    return order;
  }

  /** Number of groups. */
  int groups() {
    return Math.ceilDiv(columns, groupSize);
  }

  /** Group of the column at a position. */
  int group(int position) {
    return (staticGroups ? order[position] : position) / groupSize;
  }

  /** Whether a group is fitted when the sweep reaches this position. */
  boolean fitsAt(int position) {
    return !staticGroups && groupSize < columns && position % groupSize == 0;
  }

  /** Group of each column [K], where groups formed in sweep order are scattered over them. */
  Optional<int[]> groupIndex() {
    if (groupSize == columns || staticGroups || Arrays.equals(order, natural(columns))) {
      return Optional.empty();
    }
    int[] index = new int[columns];
    for (int position = 0; position < columns; position++) {
      index[order[position]] = position / groupSize;
    }
    return Optional.of(index);
  }
}
