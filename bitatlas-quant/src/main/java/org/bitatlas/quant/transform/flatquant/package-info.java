/**
 * FlatQuant (Sun et al., ICML 2025): transforms, channel scales and clipping of a block, learned by
 * gradient descent through the rounding. Entry type: FlatQuantSearch.
 */
@NullMarked
package org.bitatlas.quant.transform.flatquant;

import org.jspecify.annotations.NullMarked;
