/** A method is data: recipes. Entry type: Recipe. */
@NullMarked
package org.bitatlas.quant.method;

import org.jspecify.annotations.NullMarked;
