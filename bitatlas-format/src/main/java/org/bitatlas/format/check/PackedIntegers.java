package org.bitatlas.format.check;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.tensor.ElementType;

/** Reading of int32 tensors in place, and checks that several formats have in common. */
final class PackedIntegers {

  static final Set<ElementType> I32 = Set.of(ElementType.I32);

  private static final int WORD = 32;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private PackedIntegers() {}

  /** Element {@code index} of an I32 tensor. */
  static int at(StoredTensor tensor, long index) {
    return tensor.data().get(INT, index * Integer.BYTES);
  }

  /** Words of 32 bits that hold {@code count} codes, dense. */
  static long words(long count, int bits) {
    return Math.ceilDiv(count * bits, (long) WORD);
  }

  /**
   * Group indexes [K]: below the number of groups, and k / g where columns are not reordered.
   *
   * @param groupSize g
   * @param reordered whether columns were reordered by activation
   */
  static void groupIndex(
      Optional<StoredTensor> index,
      int columns,
      int groupSize,
      boolean reordered,
      Findings findings) {
    if (index.isEmpty()) {
      return;
    }
    int groups = Math.ceilDiv(columns, groupSize);
    for (int k = 0; k < columns; k++) {
      int group = at(index.get(), k);
      if (group < 0 || group >= groups) {
        findings.wrong(
            "group-index",
            index.get().name(),
            "column %d is in group %d of %d".formatted(k, group, groups),
            "export the checkpoint again; the index is damaged");
        return;
      }
      if (!reordered && group != k / groupSize) {
        findings.wrong(
            "group-index",
            index.get().name(),
            "column %d is in group %d, but the configuration says that columns are in order"
                .formatted(k, group),
            "set desc_act to true, or quantize again without act_order");
        return;
      }
    }
  }
}
