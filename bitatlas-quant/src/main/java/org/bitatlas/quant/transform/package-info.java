/**
 * How transforms in front of rounding are found: SmoothQuant, AWQ, FlatQuant. Entry type:
 * BlockTransform.
 */
@NullMarked
package org.bitatlas.quant.transform;

import org.jspecify.annotations.NullMarked;
