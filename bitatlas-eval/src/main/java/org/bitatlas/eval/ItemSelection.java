package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.eval.task.Task;
import org.bitatlas.tensor.BitAtlasException;

/** The items of one run, and their chunks. */
final class ItemSelection {

  private ItemSelection() {}

  /** The first {@code limit} items, all of the kind that the task has. */
  static <I extends Item> List<I> of(Task task, Suite suite, Class<I> kind, OptionalInt limit) {
    return suite.items().stream()
        .limit(limit.orElse(Integer.MAX_VALUE))
        .map(item -> {
          if (!kind.isInstance(item)) {
            throw new BitAtlasException(
                "The data of "
                    + suite.file()
                    + " was not loaded for the task "
                    + task.name()
                    + "; load it with this task.");
          }
          return kind.cast(item);
        })
        .toList();
  }

  /** A part is at most this many times as long as the first. */
  private static final int LONGEST = 8;

  /**
   * Consecutive parts of {@code size}, 2 {@code size}, 4 {@code size}, then 8 {@code size}
   * elements, the last one shorter: an early end is seen early, a long task goes to the model in
   * few calls, which keeps all threads busy, and a process that dies loses at most one part.
   */
  static <I> List<List<I>> chunks(List<I> items, int size) {
    List<List<I>> chunks = new ArrayList<>();
    long length = size;
    for (int start = 0;
        start < items.size();
        length = Math.min(2 * length, (long) LONGEST * size)) {
      int end = (int) Math.min(items.size(), start + length);
      chunks.add(items.subList(start, end));
      start = end;
    }
    return chunks;
  }
}
