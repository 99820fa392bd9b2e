/** How much each linear layer costs when it is quantized: damage to the logits, layer by layer. */
@NullMarked
package org.bitatlas.quant.sensitivity;

import org.jspecify.annotations.NullMarked;
