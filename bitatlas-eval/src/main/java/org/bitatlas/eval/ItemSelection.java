package org.bitatlas.eval;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
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

  /** Consecutive parts of {@code size} elements, the last one shorter. */
  static <I> List<List<I>> chunks(List<I> items, int size) {
    return IntStream.range(0, Math.ceilDiv(items.size(), size))
        .mapToObj(i -> items.subList(i * size, Math.min(items.size(), (i + 1) * size)))
        .toList();
  }
}
