package org.bitatlas.scheme;

import java.util.SequencedMap;

/**
 * The neutral quantized checkpoint: what methods write, and what engine, formats and bench read.
 *
 * @param linears quantized linear layers by module name, for example {@code
 *     model.layers.0.self_attn.q_proj}
 * @param provenance how it was made: base weights digest, recipe, calibration, versions
 */
public record QuantizedCheckpoint(
    SequencedMap<String, QuantizedLinear> linears, Provenance provenance) {}
