/**
 * Predicts what a quantization will cost: operations, time on this machine, memory, disk and output
 * size. Entry type: CostModel.
 */
@NullMarked
package org.bitatlas.quant.plan;

import org.jspecify.annotations.NullMarked;
