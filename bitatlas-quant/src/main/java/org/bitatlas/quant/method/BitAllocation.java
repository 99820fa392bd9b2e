package org.bitatlas.quant.method;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.bitatlas.tensor.BitAtlasException;

/** Which linear layers have which bits. */
public sealed interface BitAllocation {

  /** All have the recipe's. */
  record Uniform() implements BitAllocation {}

  /**
   * Some have others than the recipe's.
   *
   * @param schemes the last one that names a layer holds
   */
  record PerLayer(List<LayerScheme> schemes) implements BitAllocation {
    /** Copies the list. */
    public PerLayer {
      schemes = List.copyOf(schemes);
    }
  }

  /**
   * They are to be found by the damage each layer does, under a budget. A recipe with this cannot
   * be carried out before an allocation has taken its place.
   *
   * @param budget what all of them may cost together
   * @param bits bits to choose from, 2 to 8, in rising order
   * @param groupSizes group sizes to choose from; 0 for one scale per output channel
   * @param tables how embedding and head may be stored; empty where they are not part of it
   * @param passes how often the damage is measured again around the allocation found
   * @param target name of the machine, perhaps with a serving stack, that must load what is found;
   *     empty for BitAtlas itself
   */
  record Adaptive(
      BitBudget budget,
      List<Integer> bits,
      List<Integer> groupSizes,
      List<TableScheme> tables,
      int passes,
      Optional<String> target)
      implements BitAllocation {

    /** Bits to choose from where none are given. */
    public static final List<Integer> ALL_BITS = List.of(2, 3, 4, 5, 6, 7, 8);

    /** Passes where none are given. */
    public static final int PASSES = 1;

    /**
     * Sorts the choices.
     *
     * @throws BitAtlasException when there are none, or out of range
     */
    public Adaptive {
      bits = List.copyOf(new TreeSet<>(bits));
      groupSizes = List.copyOf(new TreeSet<>(groupSizes));
      tables = List.copyOf(tables);
      if (bits.isEmpty() || bits.getFirst() < 2 || bits.getLast() > 8) {
        throw new BitAtlasException(
            "An adaptive recipe chooses from the bits " + bits + "; give some of 2 to 8.");
      }
      if (groupSizes.isEmpty() || groupSizes.getFirst() < 0) {
        throw new BitAtlasException(
            "An adaptive recipe chooses from the group sizes "
                + groupSizes
                + "; give numbers of columns, or 0 for one scale per output channel.");
      }
      if (budget instanceof BitBudget.Speed && target.isEmpty()) {
        throw new BitAtlasException(
            "A recipe has a budget of %s and no target to predict it for; give target, such as cuda-h200."
                .formatted(budget.id()));
      }
      if (passes < 0 || passes > 20) {
        throw new BitAtlasException(
            "An adaptive recipe has " + passes + " passes; give 0 to 20, usually 1.");
      }
    }
  }
}
