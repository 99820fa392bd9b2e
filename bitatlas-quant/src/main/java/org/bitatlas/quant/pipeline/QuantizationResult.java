package org.bitatlas.quant.pipeline;

import java.util.List;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * A quantized checkpoint with what was learned on the way.
 *
 * @param checkpoint the neutral checkpoint
 * @param layers one report per linear layer, in model order
 * @param notes what a user must know: layers that fell back to round-to-nearest, damping raised
 */
public record QuantizationResult(
    QuantizedCheckpoint checkpoint, List<LayerReport> layers, List<String> notes) {

  /** The errors of the layers alone. */
  public List<LayerError> layerErrors() {
    return layers.stream().map(LayerReport::error).toList();
  }
}
