package org.bitatlas.study;

/**
 * Memory of a model's weights as stored.
 *
 * @param modelBytes all weights: linear layers, embedding, head, norms and biases
 * @param linearBytes the quantizable linear layers, with scales and zero points
 * @param bitsPerWeight linearBytes x 8 over the number of weights of those layers
 */
public record ModelSize(long modelBytes, long linearBytes, double bitsPerWeight) {}
