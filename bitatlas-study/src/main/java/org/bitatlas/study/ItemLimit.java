package org.bitatlas.study;

import java.util.LinkedHashMap;
import java.util.OptionalInt;
import java.util.SequencedMap;

/**
 * How many items of a task a study asks: the first so many, so that a smaller limit asks a part of
 * what a larger one asks.
 *
 * @param others items of every task that is not named; empty for all
 * @param tasks items by task name
 */
public record ItemLimit(OptionalInt others, SequencedMap<String, Integer> tasks) {

  /** All items of every task. */
  public static final ItemLimit NONE = new ItemLimit(OptionalInt.empty(), new LinkedHashMap<>());

  /** The same limit for every task. */
  public static ItemLimit everywhere(int items) {
    return new ItemLimit(OptionalInt.of(items), new LinkedHashMap<>());
  }

  /** Whether any task is limited. */
  public boolean isPresent() {
    return others.isPresent() || !tasks.isEmpty();
  }

  /** Limit of a task; empty for all its items. */
  public OptionalInt of(String task) {
    Integer named = tasks.get(task);
    return named == null ? others : OptionalInt.of(named);
  }

  /** For people: {@code 300 items per task; bool_nano 2000}. */
  public String text() {
    StringBuilder text = new StringBuilder();
    others.ifPresent(items -> text.append(items).append(" items per task"));
    tasks.forEach((task, items) ->
        text.append(text.isEmpty() ? "" : "; ").append(task).append(' ').append(items));
    return text.toString();
  }
}
