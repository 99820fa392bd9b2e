/**
 * Grids and the column sweep: from a float matrix to codes. Pure functions of arrays. Entry types:
 * ColumnSweep, InverseFactor. Depends on method (grids) and on the engine's scheme.
 */
@NullMarked
package org.bitatlas.quant.rounding;

import org.jspecify.annotations.NullMarked;
