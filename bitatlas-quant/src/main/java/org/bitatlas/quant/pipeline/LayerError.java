package org.bitatlas.quant.pipeline;

import org.bitatlas.model.Architecture.Projection;

/**
 * What quantization did to one linear layer.
 *
 * @param layer block index
 * @param projection which linear of the block
 * @param outputError tr(D G D^T) / tr(W G W^T), D = W - dequantized W, G = Gram matrix of the
 *     layer's calibration inputs as the quantized blocks before produce them; NaN without
 *     calibration data, 0 when all inputs are 0
 * @param weightError sum of squares of D over sum of squares of W; 0 for a weight of zeros
 */
public record LayerError(
    int layer, Projection projection, double outputError, double weightError) {}
