package org.bitatlas.study;

/**
 * When a cell stops early as COLLAPSED. Part of every record's key, because it decides which items
 * are asked.
 *
 * @param afterItems items that are asked before the rule is applied; 0 switches the rule off
 * @param atMost largest accuracy (0 to 1) over those items that counts as collapsed
 */
public record CollapseRule(int afterItems, double atMost) {

  /** A rule that never stops a cell. */
  public static final CollapseRule NEVER = new CollapseRule(0, 0);

  /** The rule as a person would read it, and as it enters record keys. */
  public String describe() {
    return afterItems == 0
        ? "never"
        : "accuracy <= " + atMost + " over the first " + afterItems + " items";
  }
}
