package org.bitatlas.quant.sensitivity;

import java.util.OptionalDouble;

/**
 * What one linear layer does to the predictions when it alone is as a quantized checkpoint has it,
 * and all others are in float: mean KL(float || model) of the next-token predictions, nats per
 * token. NaN where predictions are not finite.
 *
 * @param module name of the layer
 * @param weights with its weight quantized and its inputs in float
 * @param inputs with its inputs (and outputs, where the scheme rounds them) quantized and its
 *     weight in float; empty where they stay in float
 * @param both with everything the checkpoint does to it
 * @param standardError of {@code both}, over sequences
 */
public record LayerAlone(
    String module, double weights, OptionalDouble inputs, double both, double standardError) {}
