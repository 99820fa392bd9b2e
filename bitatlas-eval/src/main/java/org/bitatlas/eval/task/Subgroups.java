package org.bitatlas.eval.task;

import java.util.List;

/**
 * Parts of a suite by the value of an integer field.
 *
 * @param field name of the field
 * @param ranges the parts; an item outside all of them counts in the total only
 */
public record Subgroups(String field, List<Range> ranges) {

  /** Values from {@code from} to {@code to}, both included. */
  public record Range(int from, int to) {

    /** Whether {@code value} is inside. */
    public boolean contains(int value) {
      return from <= value && value <= to;
    }
  }

  /** Name of the accuracy of a part among the metrics, for example {@code acc steps 3-8}. */
  public String metric(Range range) {
    return "acc " + field + " " + range.from() + "-" + range.to();
  }
}
