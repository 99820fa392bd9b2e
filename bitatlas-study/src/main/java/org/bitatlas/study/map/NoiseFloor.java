package org.bitatlas.study.map;

import java.util.List;

/**
 * The float model against itself, run again in other batches, so that its sums are rounded in
 * another order. A difference that is not larger than this one says nothing about quantization.
 *
 * @param model name of the model
 * @param how what was different in the second run
 * @param cells what was measured, one per column
 * @param columns one comparison per column; not comparable where the task was not asked again
 * @param pooled all tasks together
 */
public record NoiseFloor(
    String model,
    String how,
    List<MapCell> cells,
    List<Comparison> columns,
    PooledComparison pooled) {}
