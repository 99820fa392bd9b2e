/**
 * The format compressed-tensors, version 0.20: pack-quantized and int-quantized layers on integer
 * grids, as llm-compressor writes them and vLLM, vLLM-Ascend and transformers load them.
 */
@NullMarked
package org.bitatlas.format.compressed;

import org.jspecify.annotations.NullMarked;
