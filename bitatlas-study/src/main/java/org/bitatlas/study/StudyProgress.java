package org.bitatlas.study;

import java.time.Duration;
import java.util.Optional;

/**
 * Where a running study stands.
 *
 * @param cell the running cell
 * @param number its number, from 1
 * @param total cells of the grid
 * @param itemsDone items of the cell that are done
 * @param timeLeft time left for the whole study from the item rates measured so far; empty before
 *     anything was measured
 */
public record StudyProgress(
    PlannedCell cell, int number, int total, int itemsDone, Optional<Duration> timeLeft) {}
