package org.bitatlas.study.map;

/**
 * All accuracy tasks of a row together against the float model.
 *
 * @param comparison over the items of all tasks that are OK in both; an item asked in several modes
 *     is drawn with all of them
 * @param tasks tasks in it
 * @param broken tasks that float has and this row broke: collapsed or not finite. A row with any is
 *     not lossless, whatever the others say
 * @param missing tasks that float has and this row has not, for another reason
 */
public record PooledComparison(Comparison comparison, int tasks, int broken, int missing) {}
