/** Grids and the column sweep: from a float matrix to codes. Pure functions of arrays. */
@NullMarked
package org.bitatlas.quant.rounding;

import org.jspecify.annotations.NullMarked;
