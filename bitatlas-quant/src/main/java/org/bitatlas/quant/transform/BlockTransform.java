package org.bitatlas.quant.transform;

import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.LinearActivations;

/**
 * What a search found for one block. Before rounding the block computes what it did, up to the
 * rounding of floats.
 *
 * @param weights the transformed weights W [N x K] of the projections that change
 * @param clipped what is rounded in their place where a range is clipped
 * @param biases changed biases [N]
 * @param norms changed norm weights [D], of ATTENTION and MLP
 * @param activations online transforms, and input rounding with learned ranges where the method
 *     learns them
 * @param attention transforms of heads and rounding of the cache, likewise
 * @param facts what a person wants to know of the search, in order, for example the ratio chosen
 */
public record BlockTransform(
    Map<Projection, float[]> weights,
    Map<Projection, float[]> clipped,
    Map<Projection, float[]> biases,
    Map<InputGroup, float[]> norms,
    Map<Projection, LinearActivations> activations,
    AttentionActivations attention,
    SequencedMap<String, String> facts) {}
