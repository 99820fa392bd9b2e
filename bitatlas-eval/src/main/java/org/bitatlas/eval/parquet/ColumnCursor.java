package org.bitatlas.eval.parquet;

import java.util.List;

/** A place in a column: one entry for each value, missing value and empty list. */
final class ColumnCursor {

  private final Field column;
  private final int[] repetitions;
  private final int[] definitions;
  private final List<Object> values;
  private int entry;
  private int value;

  ColumnCursor(Field column, int[] repetitions, int[] definitions, List<Object> values) {
    this.column = column;
    this.repetitions = repetitions;
    this.definitions = definitions;
    this.values = values;
  }

  /** Definition level of the entry: how much of the path to the value is there. */
  int definition() {
    if (entry >= definitions.length) {
      throw new MalformedParquet("the column " + column.name() + " ends too early");
    }
    return definitions[entry];
  }

  /** Whether the next entry goes on with a list of this level. */
  boolean goesOn(int level) {
    return entry < repetitions.length && repetitions[entry] >= level;
  }

  /** Leaves an entry without a value. */
  void skip() {
    entry++;
  }

  /** Takes the value of the entry. */
  Object take() {
    entry++;
    return values.get(value++);
  }
}
