/** Streams a model block by block through a recipe. Entry type: QuantizationPipeline. */
@NullMarked
package org.bitatlas.quant.pipeline;

import org.jspecify.annotations.NullMarked;
