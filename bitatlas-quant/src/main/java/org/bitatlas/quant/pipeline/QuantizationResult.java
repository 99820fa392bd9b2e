package org.bitatlas.quant.pipeline;

import java.util.List;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * A quantized checkpoint with what was learned on the way.
 *
 * @param checkpoint the neutral checkpoint
 * @param layerErrors one entry per linear layer, in model order
 * @param notes what a user must know: layers that fell back to round-to-nearest, damping raised
 */
public record QuantizationResult(
    QuantizedCheckpoint checkpoint, List<LayerError> layerErrors, List<String> notes) {}
