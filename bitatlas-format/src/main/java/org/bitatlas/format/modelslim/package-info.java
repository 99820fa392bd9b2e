/**
 * ModelSlim's format AscendV1, which vLLM-Ascend and MindIE load on Ascend NPUs: {@code
 * quant_model_description.json} and {@code quant_model_weights*.safetensors}. Entry types:
 * ModelSlimWriter, ModelSlimReader. Nothing here ever ran on an NPU.
 */
@NullMarked
package org.bitatlas.format.modelslim;

import org.jspecify.annotations.NullMarked;
