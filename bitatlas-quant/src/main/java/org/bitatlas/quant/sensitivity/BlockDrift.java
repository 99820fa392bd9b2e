package org.bitatlas.quant.sensitivity;

/**
 * How far the hidden state behind a block of a quantized model is from float's.
 *
 * @param layer block index
 * @param error sum of squares of the difference over sum of squares of float's hidden state; NaN
 *     where the state is not finite
 * @param range largest |x| of the quantized model's hidden state
 * @param nonFinite values of it that are NaN or infinite
 */
public record BlockDrift(int layer, double error, double range, long nonFinite) {}
