/**
 * From a float matrix to codes, as pure functions of arrays. Entry types: ColumnSweep (round to
 * nearest, GPTQ, and GPTAQ with a DriftCorrection), BlockBinarization (BiLLM), MixedPrecision
 * (SliM-LLM), SignRounding (round to nearest at one bit); InverseFactor and SalienceFactors are
 * what they need of a Hessian. Depends on method (recipes) and on the engine's scheme and tensor.
 */
@NullMarked
package org.bitatlas.quant.rounding;

import org.jspecify.annotations.NullMarked;
