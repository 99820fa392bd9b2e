/** Which layer gets how many bits under a budget, from the damage each does. */
@NullMarked
package org.bitatlas.quant.allocation;

import org.jspecify.annotations.NullMarked;
