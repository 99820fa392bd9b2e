package org.bitatlas.study.map;

import java.util.OptionalDouble;

/**
 * Mean accuracy of a row over its OK cells.
 *
 * @param mean unweighted mean over tasks, 0..1; empty when no cell is OK
 * @param low lower end of its 95 % interval
 * @param high upper end of its 95 % interval
 * @param cells OK cells in the mean
 * @param leftOut cells that the float model has and this row has not
 * @param onFront whether no complete row is at least as accurate in less memory
 */
public record MapAverage(
    OptionalDouble mean, double low, double high, int cells, int leftOut, boolean onFront) {}
