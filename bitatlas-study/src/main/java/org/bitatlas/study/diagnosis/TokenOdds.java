package org.bitatlas.study.diagnosis;

/**
 * Probabilities of the two tokens at which replies part, given all that both replies have before
 * them. Measured: both models read the prompt and that much of the reply.
 *
 * @param exactInFloat float's probability of its own token
 * @param foundInFloat float's probability of the quantized model's token
 * @param exactHere the quantized model's probability of float's token
 * @param foundHere the quantized model's probability of its own token
 */
public record TokenOdds(
    double exactInFloat, double foundInFloat, double exactHere, double foundHere) {}
