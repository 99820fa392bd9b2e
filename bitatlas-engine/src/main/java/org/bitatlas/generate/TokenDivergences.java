package org.bitatlas.generate;

/**
 * How far a model's predictions of the scored tokens are from those of a reference model, over the
 * whole vocabulary, in double precision.
 *
 * @param divergences KL(reference || model) in front of each token, in nats
 * @param sameTop whether both find the same token most probable
 * @param changes probability the model gives the token that came, less that of the reference
 */
public record TokenDivergences(double[] divergences, boolean[] sameTop, double[] changes) {}
