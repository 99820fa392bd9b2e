package org.bitatlas.scheme;

import java.util.SequencedMap;

/**
 * Where a quantized checkpoint comes from.
 *
 * @param baseModel name or folder of the float model
 * @param baseWeightsDigest {@link org.bitatlas.checkpoint.Checkpoint#weightsDigest()} of it
 * @param recipe the recipe, as the key-value pairs a person would read
 * @param calibration the calibration set, likewise; empty for a data-free method
 * @param versions behaviour versions of the stages that made it
 */
public record Provenance(
    String baseModel,
    String baseWeightsDigest,
    SequencedMap<String, String> recipe,
    SequencedMap<String, String> calibration,
    SequencedMap<String, Integer> versions) {}
