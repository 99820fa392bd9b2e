package org.bitatlas.quant.rounding;

/**
 * A fitted grid: w is about scale * (code - zero).
 *
 * @param scale above 0
 * @param zero zero point, a whole number from 0 to 2^bits - 1
 */
public record GridParameters(float scale, float zero) {}
